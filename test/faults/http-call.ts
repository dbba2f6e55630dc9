// What a request to a Kubernetes API asks for, read from its first line and headers: the proxy's counterpart of what interceptApi is
// told in process. Pure.
import type { ApiCall, ApiVerb } from '#kube/control/intercepted-api.ts';

export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly contentType: string | undefined;
}

const writes: Readonly<Record<string, ApiVerb>> = { POST: 'create', PUT: 'replace', PATCH: 'patch', DELETE: 'remove' };

/** Undefined for what is about no resource: discovery, /readyz. */
export function callOfRequest({ method, path, contentType }: RequestHead): ApiCall | undefined {
  const { pathname, searchParams } = new URL(path, 'https://api');
  const match = /^\/(?:api|apis\/([^/]+))\/v[^/]+\/(.+)$/.exec(pathname);
  if (match === null) return undefined;
  const [, group = '', rest = ''] = match;
  const parts = rest.split('/').map(decodeURIComponent);
  // A namespace is an object itself, and what others are in.
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1] : undefined;
  const [plural = '', named, subresource] = namespace === undefined ? parts : parts.slice(2);
  const selected = /^metadata\.name=([^,]+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
  const name = named ?? selected ?? (method === 'POST' ? '' : undefined);
  return { verb: verbOf(), group, plural, name, namespace, subresource };

  function verbOf(): ApiVerb {
    if (method === 'GET') return searchParams.get('watch') === 'true' ? 'watch' : named === undefined ? 'list' : 'get';
    return contentType?.includes('apply-patch') === true ? 'apply' : (writes[method] ?? 'get');
  }
}

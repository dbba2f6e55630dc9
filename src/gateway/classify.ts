// What a request is, from its method and path alone. Pure. Source: trino-protocol sections 1.1 and 6: everything that is not
// for clients of Trino is refused here, before any coordinator hears of it.
import { prefixOf } from './routing/request-route.ts';
import { isHeldId } from '#trino/protocol/query-id.ts';

export type RequestKind =
  | { readonly kind: 'statement' }
  | { readonly kind: 'statement-check' }
  | { readonly kind: 'held'; readonly id: string; readonly slug: string; readonly token: number }
  | { readonly kind: 'query'; readonly id: string }
  | { readonly kind: 'query-list' }
  | { readonly kind: 'info' }
  | { readonly kind: 'ui'; readonly queryId?: string }
  | { readonly kind: 'spooled' }
  | { readonly kind: 'login' }
  | { readonly kind: 'health' }
  | { readonly kind: 'method'; readonly allow: string }
  | { readonly kind: 'unknown' };

const statementPath = /^\/v1\/statement\/(?:queued|executing)\/(?:partialCancel\/)?([^/]+)\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/;

function statementKind(path: string): RequestKind {
  const match = statementPath.exec(path);
  if (match === null) return { kind: 'unknown' };
  const id = match[1] as string;
  if (!isHeldId(id)) return { kind: 'query', id };
  const token = Number(match[3]);
  return Number.isSafeInteger(token) && token >= 0 ? { kind: 'held', id, slug: match[2] as string, token } : { kind: 'unknown' };
}

/** By what follows anybody could ask for a query's pages or segments, or finish a login. */
const secretAfter = /^(\/v1\/statement\/\w+\/(?:partialCancel\/)?[^/]+|\/v1\/spooled\/[^/]+|\/oauth2\/[^/]+(?:\/initiate)?)\/.*/;

/** What of a path may be written down. */
export function pathForLog(url: string): string {
  const path = url.replace(/\?.*/, '');
  const prefix = prefixOf(path);
  return `${prefix}${path.slice(prefix.length).replace(secretAfter, '$1/...')}`;
}

/** Dots, double slashes, path parameters and escapes that could make two readers see two paths. */
function isSuspicious(path: string): boolean {
  return /\/\/|[\\;]|(^|\/)\.\.?(\/|$)|%(00|2e|2f|5c|3b|25)/i.test(path);
}

function queryKind(method: string, path: string): RequestKind {
  const [, id, order] = /^\/v1\/query\/([^/]+)(\/(?:killed|preempted))?$/.exec(path) ?? [];
  if (id === undefined) return { kind: 'unknown' };
  const allowed = order === undefined ? ['GET', 'HEAD', 'DELETE'] : ['PUT'];
  return allowed.includes(method) ? { kind: 'query', id } : { kind: 'method', allow: allowed.join(', ') };
}

/** `path` without query string; `search` with its question mark. */
export function classify(method: string, path: string, search: string): RequestKind {
  if (isSuspicious(path)) return { kind: 'unknown' };
  if (path === '/v1/statement') {
    if (method === 'POST') return { kind: 'statement' };
    return method === 'HEAD' ? { kind: 'statement-check' } : { kind: 'method', allow: 'POST, HEAD' };
  }
  if (path.startsWith('/v1/statement/')) {
    return ['GET', 'HEAD', 'DELETE'].includes(method) ? statementKind(path) : { kind: 'method', allow: 'GET, HEAD, DELETE' };
  }
  if (path === '/v1/info') return method === 'GET' || method === 'HEAD' ? { kind: 'info' } : { kind: 'method', allow: 'GET, HEAD' };
  if (path === '/v1/query') return method === 'GET' ? { kind: 'query-list' } : { kind: 'method', allow: 'GET' };
  if (path.startsWith('/v1/query/')) return queryKind(method, path);
  if (path.startsWith('/v1/spooled/')) return { kind: 'spooled' };
  if (path.startsWith('/oauth2/')) return { kind: 'login' };
  if (path === '/' || path === '/ui' || path.startsWith('/ui/')) {
    const queryId = /^\?([a-z0-9_]+)$/.exec(search)?.[1] ?? /^\/ui\/api\/query\/([a-z0-9_]+)$/.exec(path)?.[1];
    return queryId === undefined ? { kind: 'ui' } : { kind: 'ui', queryId };
  }
  if (path === '/healthz' || path === '/livez' || path === '/readyz') return { kind: 'health' };
  return { kind: 'unknown' };
}

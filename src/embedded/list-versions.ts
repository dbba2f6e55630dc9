// Which version of a collection a list is of: the newest, an exact one, or the one that the first page was of. Tokens of later pages
// have the form of a real API server. Pure reading of the store.
import type { KubeObject } from '#core/objects.ts';
import { KubeError } from '#kube/errors.ts';
import { asObject, asText } from './json-values.ts';
import { badRequest, invalid, listExpired, pageExpired } from './refusals.ts';
import { keyOf } from './store.ts';
import type { Store } from './store.ts';

const OPTIONS = { group: 'meta.k8s.io', plural: '', kind: 'ListOptions' };

export interface ListVersion {
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly continue?: string;
  readonly limit?: number;
}

export interface ListedVersion {
  readonly revision: number;
  /** Of the last object of the page before; '' for the first page. */
  readonly after: string;
  readonly objects: readonly KubeObject[];
}

/** Throws 400, 410, 422, 504. */
export function listedVersion(store: Store, typeId: string, where: ListVersion): ListedVersion {
  const { resourceVersion = '', resourceVersionMatch: match = '', continue: token = '' } = where;
  if (match !== '' && resourceVersion === '') {
    const message = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
    throw invalid(OPTIONS, '', [{ reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message }]);
  }
  if (token !== '') {
    if (resourceVersion !== '' && resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const { revision, after } = readToken(token);
    return { revision, after, objects: store.valuesAt(typeId, revision) ?? refuse(pageExpired()) };
  }
  const wanted = resourceVersion === '' ? 0 : readRevision(resourceVersion);
  if (wanted > store.revision) {
    throw tooLarge(wanted, store.revision);
  }
  // a page of a certain version is of that version alone
  const isExact = wanted > 0 && (match === 'Exact' || (match === '' && (where.limit ?? 0) > 0));
  const revision = isExact ? wanted : store.revision;
  return { revision, after: '', objects: store.valuesAt(typeId, revision) ?? refuse(listExpired()) };
}

function refuse(error: KubeError): never {
  throw error;
}

export function readRevision(text: string): number {
  if (!/^\d+$/.test(text)) {
    const message = `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw badRequest(`resourceVersion: ${message}`);
  }
  return Number(text);
}

function tooLarge(wanted: number, current: number): KubeError {
  return new KubeError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterMs: 1_000,
  });
}

/** The token of the page after this object. */
export function formatToken(revision: number, last: KubeObject): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${keyOf(last)}\0` })).toString('base64url');
}

function readToken(token: string): { readonly revision: number; readonly after: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (error) {
    throw badRequest(`invalid continue token: continue key is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { v, rv, start } = asObject(parsed);
  if (v !== 'meta.k8s.io/v1' || typeof rv !== 'number' || rv < 1 || asText(start) === '') {
    throw badRequest('invalid continue token: continue key is not valid: it is not of this server');
  }
  return { revision: rv, after: asText(start).slice(0, -1) };
}

// What an OIDC issuer says in JSON: read with bounds, and its discovery document judged. Shell.
// Source: OpenID Connect Discovery 1.0, sections 3 and 4.3.
import { isTrustworthyUrl } from '#core/trustworthy-url.ts';

/** Reads a small JSON document; rejects when it cannot be had within `timeoutMs`. */
export type ReadJson = (url: string, timeoutMs: number) => Promise<unknown>;

/** Documents of issuers are a few KiB. */
const maxDocumentBytes = 1024 * 1024;

/** Rejects for what is too long or no JSON. */
export async function readSmallJson(url: string, { body }: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxDocumentBytes) throw new Error(`${url} answered with more than ${maxDocumentBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Follows no redirect: it could lead where no key may come from. */
export const readJsonByHttp: ReadJson = async (url, timeoutMs) => {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs), headers: { Accept: 'application/json' } });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered HTTP ${answer.status}`);
  return readSmallJson(url, answer);
};

export type Discovery = Readonly<Record<string, unknown>>;

/** Rejects for a document that is not of this very issuer. */
export async function readDiscovery(issuer: string, readJson: ReadJson, timeoutMs: number): Promise<Discovery> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = ((await readJson(url, timeoutMs)) ?? {}) as Discovery;
  const { issuer: named } = document;
  if (named !== issuer) throw new Error(`${url} is of the issuer ${JSON.stringify(named)}, not of ${issuer}`);
  return document;
}

/** Throws when the document has no such address, or one that anybody on the way could change. */
export function endpointOf(document: Discovery, field: 'jwks_uri' | 'authorization_endpoint' | 'token_endpoint'): string {
  const found = document[field];
  if (typeof found !== 'string' || !isTrustworthyUrl(found))
    throw new Error(`the discovery document of the issuer names no ${field} with https`);
  return found;
}

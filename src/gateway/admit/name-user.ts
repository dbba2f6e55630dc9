// The user of a request, once it is proven who asks: a coordinator that trusts the gateway must be able to trust X-Trino-User. Pure.
import { familyOf, type HeaderPairs } from '#trino/protocol/headers.ts';

/** Names of users that other proxies set; no Trino reads them, but what stands before one might. X-Forwarded-* go anyway. */
const claimsOfOthers = /^(?:(?:x-)?remote-user|x-auth-request-.*|x-authenticated-.*|x-client-cert.*|ssl-client-.*)$/;

export type Named = { readonly headers: HeaderPairs; readonly user: string } | { readonly mayNotBe: string } | 'mixed-families';

/**
 * The headers with `name` as their one user, or with the other one that it may act for. Trino lets a session keep its first user
 * beside the present one (SET SESSION AUTHORIZATION), so that one is judged too.
 */
export function nameUser(headers: HeaderPairs, name: string, mayImpersonate: boolean): Named {
  const family = familyOf(headers);
  if (family === undefined) return 'mixed-families';
  const isUser = (header: string): boolean => header.toLowerCase() === `x-${family}-user`;
  const isOriginal = (header: string): boolean => header.toLowerCase() === `x-${family}-original-user`;
  const claimed = headers.filter(([header, value]) => (isUser(header) || isOriginal(header)) && value.trim() !== '');
  const other = claimed.find(([, value]) => value.trim() !== name);
  if (other !== undefined && !mayImpersonate) return { mayNotBe: other[1].trim() };
  const user = claimed.find(([header]) => isUser(header))?.[1].trim() ?? name;
  const kept = headers.filter(([header]) => !isUser(header) && !claimsOfOthers.test(header.toLowerCase()));
  return { headers: [...kept, [family === 'presto' ? 'X-Presto-User' : 'X-Trino-User', user]], user };
}

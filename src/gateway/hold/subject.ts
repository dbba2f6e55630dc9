// Who asks, as far as a gateway that passes credentials through can tell: enough to keep one user's held statement from
// another, not a proof; that is the coordinator's at the hand-over (trino-protocol 7.6). Pure.
import type { Identity } from '../admit/identity.ts';
import { familyOf, headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';

export interface Subject {
  /** As X-Trino-User says; empty when it does not. */
  readonly user: string;
  /** As the credentials say, where they can be read without a key. */
  readonly principal?: string;
  /** Where the gateway authenticates: who came in, and may be acting for `user`. */
  readonly identity?: Identity;
}

function nameInToken(token: string): string | undefined {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token)?.[1];
  if (payload === undefined) return undefined;
  try {
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly sub?: unknown };
    return typeof sub === 'string' && sub !== '' ? sub : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Basic: the user name; a bearer token that is a JWT: its subject, which stays the same when the token is renewed. */
function principalOf(authorization: string): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return nameInToken(value);
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const name = Buffer.from(value, 'base64').toString().split(':')[0] ?? '';
  return name === '' ? undefined : name;
}

export function subjectOf(headers: HeaderPairs): Subject {
  const user = headerOf(headers, `x-${familyOf(headers) ?? 'trino'}-user`) ?? '';
  const principal = principalOf(headerOf(headers, 'authorization') ?? '');
  return { user, ...(principal === undefined ? {} : { principal }) };
}

/** Whether `asking` may be `owner`: what either does not say is no difference, since a page's address is a capability. */
export function maybeSame(owner: Subject, asking: Subject): boolean {
  const differ = (a: string | undefined, b: string | undefined): boolean => (a ?? '') !== '' && (b ?? '') !== '' && a !== b;
  return !differ(owner.user, asking.user) && !differ(owner.principal, asking.principal);
}

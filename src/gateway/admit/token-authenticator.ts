// Proves who asks by a JSON Web Token of one OIDC issuer, shown as bearer token. A token that was good is remembered by its hash
// until it expires, so that verifying costs once. Shell.
import { createHash } from 'node:crypto';
import type { Clock, EpochMs } from '#core/clock.ts';
import { headerOf } from '#trino/protocol/headers.ts';
import type { Log } from '#observe/log.ts';
import { credentialsOf, isUsableName, type Authenticator, type Identity, type Judgement, type Shown } from './identity.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { clockSkewMs, findClaimProblem, isSignedBy, readToken, type Claims, type Expected, type Token } from './json-web-token.ts';

export interface TokenAuthenticatorInit {
  readonly expected: Expected;
  readonly keys: IssuerKeys;
  /** Claim that is the user's name. */
  readonly userClaim: string;
  /** Claim that lists the user's groups. */
  readonly groupsClaim: string;
  /** Whether coordinators get the token too, because they verify it themselves. */
  readonly isForwarded: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Remembered {
  readonly identity: Identity;
  readonly untilMs: EpochMs;
  readonly generation: number;
}

/** About 300 bytes each. */
const maxRemembered = 10_000;

function tokenOf({ headers }: Pick<Shown, 'headers'>): string | undefined {
  const token = credentialsOf(headerOf(headers, 'authorization'), 'bearer');
  return token?.split('.').length === 3 ? token : undefined;
}

/** A list, or one name. */
function groupsOf(claim: unknown): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return listed.filter(isUsableName);
}

/** Inside quotes of a header (RFC 6750). */
function quotable(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, '');
}

export function createTokenAuthenticator(init: TokenAuthenticatorInit): Authenticator {
  const { expected, keys, userClaim, groupsClaim, isForwarded, clock, log } = init;
  /** Least recently used first. */
  const remembered = new Map<string, Remembered>();

  function recall(print: string): Identity | undefined {
    const found = remembered.get(print);
    if (found === undefined) return undefined;
    remembered.delete(print);
    if (clock.now() >= found.untilMs || found.generation !== keys.generation()) return undefined;
    remembered.set(print, found);
    return found.identity;
  }

  function remember(print: string, identity: Identity, { exp }: Claims): void {
    remembered.set(print, { identity, untilMs: Number(exp) * 1000 + clockSkewMs, generation: keys.generation() });
    const oldest = remembered.size > maxRemembered ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
  }

  async function judgeSignature(token: Token, print: string): Promise<Judgement> {
    const key = await keys.find(token.keyId);
    if (key === undefined || !isSignedBy(token, key)) return { is: 'wrong', why: 'the token is not signed by a key of its issuer.' };
    const name = token.claims[userClaim];
    if (!isUsableName(name)) return { is: 'wrong', why: `the token has no usable name in its claim ${userClaim}.` };
    const identity = { name, groups: groupsOf(token.claims[groupsClaim]) };
    remember(print, identity, token.claims);
    return { is: 'proven', identity };
  }

  async function judge(text: string): Promise<Judgement> {
    const print = createHash('sha256').update(text).digest('base64');
    const identity = recall(print);
    if (identity !== undefined) return { is: 'proven', identity };
    const token = readToken(text);
    if (typeof token === 'string') return { is: 'wrong', why: token };
    // Before the key is looked for: strangers cannot make the gateway ask the issuer.
    const problem = findClaimProblem(token.claims, expected, clock.now());
    if (problem !== undefined) return { is: 'wrong', why: problem };
    try {
      return await judgeSignature(token, print);
    } catch (error) {
      log.error('a token could not be judged', { issuer: expected.issuer, error });
      return { is: 'undecided', why: 'the gateway cannot read the keys of the token issuer now.' };
    }
  }

  return {
    wants: 'a bearer token',
    judge(shown) {
      const token = tokenOf(shown);
      return token === undefined ? undefined : judge(token);
    },
    spends: (shown) => (isForwarded || tokenOf(shown) === undefined ? [] : ['authorization']),
    challenges: (why) => [
      `Bearer realm="XTrinode"${why === undefined ? '' : `, error="invalid_token", error_description="${quotable(why)}"`}`,
    ],
    isReady: () => true,
  };
}

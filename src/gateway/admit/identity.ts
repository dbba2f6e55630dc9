// Who asks, once it is proven, and what an authenticator has to be. Pure.
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import type { ClientCertificate } from '../http/client-certificate.ts';

export interface Identity {
  /** Becomes X-Trino-User. */
  readonly name: string;
  readonly groups: readonly string[];
}

/** What of a request may prove who sent it. */
export interface Shown {
  readonly headers: HeaderPairs;
  /** Of the connection; undefined where the client has none or was not asked. */
  readonly certificate: ClientCertificate | undefined;
}

/** 'wrong' is the client's matter (401), 'undecided' ours or the issuer's (503). `why` is for the client and names no secret. */
export type Judgement =
  | { readonly is: 'proven'; readonly identity: Identity }
  | { readonly is: 'wrong'; readonly why: string }
  | { readonly is: 'undecided'; readonly why: string };

export interface Authenticator {
  /** Completes "this gateway wants credentials: ...". */
  readonly wants: string;
  /** Undefined when the request shows no credentials of this kind. */
  judge(shown: Shown): Judgement | undefined | Promise<Judgement>;
  /** Lower-case names of headers that are for the gateway alone and go no further, judged or not. */
  spends(shown: Pick<Shown, 'headers'>): readonly string[];
  /** Values of WWW-Authenticate; `why` when its credentials were shown and are wrong. */
  challenges(why: string | undefined): readonly string[];
  /** Whether it knows enough to judge anybody. */
  isReady(): boolean;
}

/** Visible ASCII: it becomes a header, and two names that look alike must be the same. */
export function isUsableName(name: unknown): name is string {
  return typeof name === 'string' && /^[!-~](?:[ -~]{0,254}[!-~])?$/.test(name);
}

/** The credentials of one Authorization scheme; undefined for another one. */
export function credentialsOf(authorization: string | undefined, scheme: 'basic' | 'bearer'): string | undefined {
  const [, shown = '', value] = /^\s*(\S+)\s+(\S+)\s*$/.exec(authorization ?? '') ?? [];
  return shown.toLowerCase() === scheme ? value : undefined;
}

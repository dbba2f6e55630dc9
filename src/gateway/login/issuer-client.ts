// What the gateway says to an OIDC issuer as one of its clients: where a browser logs in, and the exchange of the code that it brings
// back (authorization code flow with PKCE). Knows nothing of Trino's clients. Shell.
// Source: RFC 6749 4.1, 7636, 9700; OpenID Connect Core 1.0, 3.1.
import { createHash } from 'node:crypto';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Authenticator } from '../admit/identity.ts';
import { endpointOf, readDiscovery, readSmallJson, type Discovery, type ReadJson } from '../admit/issuer-documents.ts';
import type { IssuerKeys } from '../admit/issuer-keys.ts';
import { findClaimProblem, isSignedBy, readToken } from '../admit/json-web-token.ts';
import type { LoginState } from './sealed-login.ts';

export interface IssuerClientInit {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which has PKCE alone; gives undefined while it is not known. */
  readonly secret?: () => string | undefined;
  readonly scopes: readonly string[];
  readonly keys: IssuerKeys;
  /** What clients will show their token to. */
  readonly tokens: Pick<Authenticator, 'judge'>;
  readonly readJson: ReadJson;
  readonly clock: Clock;
  /** The time of the machine, by which issuers date tokens. */
  readonly wall: () => EpochMs;
}

export type Redeemed = { readonly token: string; readonly user: string } | { readonly error: string };

/** Both reject when the issuer cannot be asked, or the gateway is not ready to. */
export interface IssuerClient {
  /** `sealed`: the state as it travels. */
  authorizeUrl(state: LoginState, sealed: string): Promise<string>;
  /** A token that this gateway takes; an error says what to mend. */
  redeem(code: string, state: LoginState): Promise<Redeemed>;
}

/** Of each question to the issuer: a client waits for all of them. */
const timeoutMs = 5_000;
/** An issuer may move its addresses. */
const maxAgeMs = 10 * 60_000;

export function callbackOf(origin: string): string {
  return `${origin}/oauth2/callback`;
}

/** What a stranger says, inside a sentence of ours. */
function quoted(text: unknown): string {
  return typeof text === 'string' ? text.replaceAll(/[^ -~]/g, '').slice(0, 200) : 'no reason';
}

/** RFC 6749 2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

export function createIssuerClient(init: IssuerClientInit): IssuerClient {
  const { issuer, clientId, scopes, keys, tokens, readJson, clock, wall } = init;
  let known: { readonly document: Promise<Discovery>; readonly readAt: EpochMs } | undefined;

  function discover(): Promise<Discovery> {
    if (known !== undefined && clock.now() - known.readAt < maxAgeMs) return known.document;
    const reading = { document: readDiscovery(issuer, readJson, timeoutMs), readAt: clock.now() };
    known = reading;
    reading.document.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading.document;
  }

  function secretNow(): string | undefined {
    const secret = init.secret?.();
    if (init.secret !== undefined && secret === undefined) throw new Error('the client secret has not been read');
    return secret;
  }

  function authenticate(form: URLSearchParams, methods: unknown): Readonly<Record<string, string>> {
    const secret = secretNow();
    // Basic is what every issuer has to know.
    if (secret !== undefined && (!Array.isArray(methods) || methods.includes('client_secret_basic')))
      return { Authorization: `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64')}` };
    form.set('client_id', clientId);
    if (secret !== undefined) form.set('client_secret', secret);
    return {};
  }

  async function postCode(code: string, { verifier, origin }: LoginState): Promise<Readonly<Record<string, unknown>> | string> {
    const document = await discover();
    const url = endpointOf(document, 'token_endpoint');
    const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callbackOf(origin), code_verifier: verifier });
    const headers = { Accept: 'application/json', ...authenticate(form, document['token_endpoint_auth_methods_supported']) };
    const answer = await fetch(url, { method: 'POST', body: form, headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const said = ((await readSmallJson(url, answer)) ?? {}) as Readonly<Record<string, unknown>>;
    if (answer.ok) return said;
    if (answer.status >= 500) throw new Error(`${url} answered HTTP ${answer.status}`);
    const { error, error_description: why } = said;
    const refusal = `${quoted(error)}${why === undefined ? '' : `, ${quoted(why)}`}`;
    return error === 'invalid_client' || error === 'unauthorized_client'
      ? `the issuer does not know this gateway (${refusal}): whoever runs it has to mend its client id or secret`
      : `the issuer does not take the code that the browser brought (${refusal})`;
  }

  /** Why it is not the identity token of this very login. */
  async function findIdentityProblem(text: unknown, nonce: string): Promise<string | undefined> {
    if (typeof text !== 'string') return 'the issuer gave no identity token: the scope openid is needed';
    const token = readToken(text);
    if (typeof token === 'string') return token;
    const { claims } = token;
    const problem = findClaimProblem(claims, { issuer, audiences: [clientId] }, wall());
    if (problem !== undefined) return problem;
    if (claims['azp'] !== undefined && claims['azp'] !== clientId) return 'it was made for another client (azp).';
    if (claims['nonce'] !== nonce) return 'it belongs to another login (nonce).';
    const key = await keys.find(token.keyId);
    return key !== undefined && isSignedBy(token, key) ? undefined : 'it is not signed by a key of its issuer.';
  }

  /** The access token is meant for servers; some issuers make it in a form that only they can read. */
  async function chooseToken(offered: readonly (readonly [string, unknown])[]): Promise<Redeemed> {
    const whys: string[] = [];
    for (const [what, token] of offered) {
      if (typeof token !== 'string') continue;
      const judgement = await tokens.judge({ headers: [['Authorization', `Bearer ${token}`]], certificate: undefined });
      if (judgement?.is === 'proven') return { token, user: judgement.identity.name };
      if (judgement?.is === 'undecided') throw new Error(judgement.why);
      whys.push(`the ${what}: ${judgement?.why ?? 'it is no JSON Web Token.'}`);
    }
    return { error: `this gateway takes no token that the issuer gave. ${whys.join(' ')} Whoever runs it has to mend its --jwt settings` };
  }

  return {
    async authorizeUrl({ verifier, nonce, origin }, sealed) {
      // Before anybody logs in in vain.
      secretNow();
      const url = new URL(endpointOf(await discover(), 'authorization_endpoint'));
      const asked = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: callbackOf(origin),
        scope: scopes.join(' '),
        state: sealed,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return url.href;
    },
    async redeem(code, state) {
      const said = await postCode(code, state);
      if (typeof said === 'string') return { error: said };
      const problem = await findIdentityProblem(said['id_token'], state.nonce);
      if (problem !== undefined) return { error: `the identity token of the issuer is not good: ${problem.replace(/\.$/, '')}` };
      return chooseToken([
        ['access token', said['access_token']],
        ['identity token', said['id_token']],
      ]);
    },
  };
}

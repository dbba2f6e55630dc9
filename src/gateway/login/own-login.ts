// A login of the gateway's own: Trino's OAuth2 exchange with its clients, made here, so that nobody wakes for it. Client and browser
// share neither headers nor cookies, and any replica gets any of their requests: what a request needs, its address carries, sealed.
// Only the token does not travel: it is had where the client waits, and the browser goes there (decision 0030). Shell.
import { randomBytes } from 'node:crypto';
import type { Clock, EpochMs } from '#core/clock.ts';
import { isTrustworthyUrl } from '#core/trustworthy-url.ts';
import { headerOf } from '#trino/protocol/headers.ts';
import type { Log } from '#observe/log.ts';
import { sendEmpty, sendJson, sendProblem } from '../answers.ts';
import type { RequestContext } from '../context.ts';
import type { KeyRing } from '../hold/seal-key.ts';
import { callbackOf, type IssuerClient } from './issuer-client.ts';
import { sendFailure, sendLoggedIn, sendOn, sendOneMoment } from './login-answers.ts';
import { createRendezvous, type Outcome } from './rendezvous.ts';
import { createSealedLogins, isOwnLogin, type LoginState } from './sealed-login.ts';

export interface OwnLoginInit {
  readonly issuer: string;
  readonly client: IssuerClient;
  readonly keys: () => KeyRing;
  /** Where browsers come back to, when not to the host name by which the client came. */
  readonly address?: string;
  readonly clock: Clock;
  /** The time of the machine, which replicas have in common. */
  readonly wall: () => EpochMs;
  readonly log: Log;
}

export interface OwnLogin {
  /** A value of WWW-Authenticate; undefined for who comes without TLS, and would give its token to everybody on the way. */
  challenge(context: RequestContext): string | undefined;
  /** Whether a request below /oauth2/ is one of these logins, and not one of a coordinator's. */
  owns(context: RequestContext): boolean;
  serve(context: RequestContext): Promise<void>;
  stop(): void;
}

/** With the exchange that may begin at its end, below the read time-outs of clients (30 s). Python polls 5 times, so it has a minute. */
export const holdMs = 12_000;
/** The Java clients poll as often as it takes: they are sooner at the replica that has their token, if it is not theirs. */
export const javaHoldMs = 5_000;
/** Chrome and Firefox follow 20 redirects, and the issuer has used some. */
export const maxRedirects = 10;
/** Where gateways are many: a page that goes on by itself, which programs do not, begins another round of redirects. */
export const maxBrowserHops = 3 * maxRedirects;

const legPath = /^\/oauth2\/token\/(initiate\/)?([^/]+)$/;

function originOf({ protocol, host }: RequestContext['forwarded']): string {
  return `${protocol}://${host}`;
}

export function createOwnLogin({ issuer, client, keys, address, clock, wall, log }: OwnLoginInit): OwnLogin {
  const sealed = createSealedLogins(keys, wall);
  const rendezvous = createRendezvous(clock);

  function stateOf({ path, search }: RequestContext): string {
    return path === '/oauth2/callback' ? (new URLSearchParams(search).get('state') ?? '') : '';
  }

  async function servePoll(context: RequestContext, text: string): Promise<void> {
    const { exchange, method, path, headers, gone } = context;
    const login = sealed.openLeg('client', text);
    if (method === 'DELETE') {
      if (typeof login !== 'string') rendezvous.forget(login.id);
      return sendEmpty(exchange, 204);
    }
    if (typeof login === 'string') return sendJson(exchange, { error: `the login cannot go on: ${login}. Begin it again` });
    const isJava = headerOf(headers, 'user-agent')?.startsWith('TrinoTokenPoller/') === true;
    const outcome = await rendezvous.wait(login.id, isJava ? javaHoldMs : holdMs, gone);
    if (gone.aborted) return;
    if (outcome !== undefined) return sendJson(exchange, outcome);
    // On a new connection the next one may come to the replica that has the token.
    exchange.endConnection();
    sendJson(exchange, { nextUri: `${originOf(context.forwarded)}${path}` });
  }

  /** Sends the browser to the issuer. */
  async function serveBrowser(context: RequestContext, text: string): Promise<void> {
    const { exchange, forwarded } = context;
    const login = sealed.openLeg('browser', text);
    if (typeof login === 'string') return sendFailure(exchange, 400, login);
    const [verifier, nonce] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('base64url')];
    const state = { ...login, verifier, nonce, origin: originOf(forwarded) };
    const sealedState = sealed.sealState(state);
    if (sealedState === undefined) return sendFailure(exchange, 400, 'the host name of this address is too long');
    try {
      sendOn(exchange, await client.authorizeUrl(state, sealedState));
    } catch (error) {
      log.error('a login cannot begin: the issuer cannot be asked', { issuer, error });
      sendFailure(exchange, 503, `the issuer ${issuer} cannot be asked just now; the log of the gateway says why`);
    }
  }

  async function redeem(context: RequestContext, query: URLSearchParams, state: LoginState): Promise<Outcome> {
    const refusal = query.get('error');
    const code = query.get('code');
    if (refusal !== null) {
      const why = query.get('error_description');
      return { error: `the issuer says ${refusal}${why === null ? '' : `: ${why}`}`.replaceAll(/[^ -~]/g, '').slice(0, 300) };
    }
    if (code === null) return { error: 'the issuer sent the browser back without a code' };
    if ((query.get('iss') ?? issuer) !== issuer) return { error: `the browser comes from another issuer than ${issuer} (RFC 9207)` };
    try {
      const done = await client.redeem(code, state);
      if ('error' in done) return done;
      log.info('logged in', { user: done.user, client: state.client, browser: context.forwarded.clientAddress });
      return { token: done.token };
    } catch (error) {
      log.error('a code cannot be exchanged: the issuer cannot be asked', { issuer, error });
      return { error: `the issuer ${issuer} cannot be asked just now` };
    }
  }

  /** The browser is back. It goes on to where its client waits; when it does not find that, the client has to come here. */
  async function serveCallback(context: RequestContext): Promise<void> {
    const { exchange, headers, forwarded, search, gone } = context;
    const query = new URLSearchParams(search);
    const state = sealed.openState(stateOf(context));
    if (typeof state === 'string') return sendFailure(exchange, 400, state);
    const hop = Number(query.get('hop') ?? 0);
    const isBrowser = headerOf(headers, 'user-agent')?.startsWith('Mozilla/') === true;
    if (!rendezvous.isHere(state.id) && hop < (isBrowser ? maxBrowserHops : maxRedirects) && keys().isShared) {
      query.set('hop', String(hop + 1));
      exchange.endConnection();
      const next = `${callbackOf(originOf(forwarded))}?${query.toString()}`;
      return hop > 0 && hop % maxRedirects === 0 ? sendOneMoment(exchange, next) : sendOn(exchange, next);
    }
    const begun = rendezvous.begin(state.id);
    if (begun === 'full')
      return sendFailure(exchange, 503, 'too many logins are under way here just now. Load this page again in a minute');
    if (begun === 'begun') {
      const outcome = await redeem(context, query, state);
      if ('error' in outcome) log.warn('a login failed', { client: state.client, browser: forwarded.clientAddress, why: outcome.error });
      rendezvous.settle(state.id, outcome);
    }
    const outcome = await rendezvous.wait(state.id, holdMs, gone);
    if (outcome !== undefined && 'error' in outcome) return sendFailure(exchange, 400, outcome.error);
    sendLoggedIn(exchange, state.client);
  }

  return {
    challenge({ forwarded }) {
      const origin = originOf(forwarded);
      if (!isTrustworthyUrl(origin)) return undefined;
      const login = { id: randomBytes(16).toString('base64url'), begunAt: wall(), client: forwarded.clientAddress };
      const [browser, poll] = [sealed.sealLeg('browser', login), sealed.sealLeg('client', login)];
      if (browser === undefined || poll === undefined) return undefined;
      const initiate = `${address ?? origin}/oauth2/token/initiate/${browser}`;
      return `Bearer x_redirect_server="${initiate}", x_token_server="${origin}/oauth2/token/${poll}"`;
    },
    owns: (context) => isOwnLogin(legPath.exec(context.path)?.[2] ?? stateOf(context)),
    serve(context) {
      const [leg, initiate, text = ''] = legPath.exec(context.path) ?? [];
      const isPoll = leg !== undefined && initiate === undefined;
      if (context.method !== 'GET' && !(isPoll && context.method === 'DELETE')) {
        const detail = `${context.method} is not for this leg of a login.`;
        sendProblem(context.exchange, { code: 'METHOD', detail }, { Allow: isPoll ? 'GET, DELETE' : 'GET' });
        return Promise.resolve();
      }
      if (isPoll) return servePoll(context, text);
      return leg === undefined ? serveCallback(context) : serveBrowser(context, text);
    },
    stop: rendezvous.stop,
  };
}

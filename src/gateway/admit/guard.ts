// The phase "admit": who asks, and whether it may. What is asked strictly is what Trino itself asks strictly: pages of a query are
// capabilities (their address cannot be guessed) and clients send some of them without credentials; all that could be guessed, or
// starts something, needs an identity. Without authenticators everything passes as it is. docs/gateway-security.md. Shell.
import type { Log } from '#observe/log.ts';
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { sendProblem, sendUnauthorized } from '../answers.ts';
import type { RequestKind } from '../classify.ts';
import type { RequestContext } from '../context.ts';
import type { OwnLogin } from '../login/own-login.ts';
import { openAccess, type Access, type MayUse } from './access.ts';
import { apiKeyHeader } from './api-key-authenticator.ts';
import type { Authenticator, Identity, Judgement } from './identity.ts';
import { nameUser } from './name-user.ts';

export interface GuardInit {
  /** Asked in this order; the first whose credentials are shown decides. */
  readonly authenticators: readonly Authenticator[];
  /** Who may name another user than itself. */
  readonly impersonators: ReadonlySet<string>;
  /** Whether /ui is left to Trino's own login. */
  readonly isUiOpen: boolean;
  /** Default: everybody who came in may use everything. */
  readonly access?: Access;
  /** A login of the gateway's own, for who comes without credentials. */
  readonly login?: OwnLogin;
  readonly log: Log;
}

export interface Guard {
  /** The request to go on with, or undefined when it was answered here. No promise where nothing has to be found out. */
  admit(context: RequestContext, what: RequestKind): RequestContext | undefined | Promise<RequestContext | undefined>;
  readonly mayUse: MayUse;
  readonly login?: OwnLogin;
  isReady(): boolean;
}

/** Everything passes, untouched: credentials are the coordinators' matter. */
export const openGuard: Guard = { admit: (context) => context, ...openAccess };

const logInBy = 'Log in with a browser: CLI --external-authentication, JDBC externalAuthentication=true, Python OAuth2Authentication.';
const needsTls =
  'A login with a browser needs https: come with it, or let the proxy in front say X-Forwarded-Proto and name it to --trusted-proxies.';

/** Whether it may come from anybody. Login legs and segments cannot carry credentials; they wake nothing and Trino guards them. */
function isOpen(what: RequestKind, context: RequestContext, isUiOpen: boolean): boolean {
  switch (what.kind) {
    case 'statement':
    case 'statement-check':
    case 'query-list':
      return false;
    case 'query':
      return context.path.startsWith('/v1/statement/');
    case 'ui':
      return isUiOpen;
    case 'held':
    case 'info':
    case 'login':
    case 'spooled':
    case 'health':
    case 'method':
    case 'unknown':
      return true;
    default:
      return what satisfies never;
  }
}

export function createGuard({ authenticators, impersonators, isUiOpen, access = openAccess, login, log }: GuardInit): Guard {
  function unspent(headers: HeaderPairs): HeaderPairs {
    const spent = new Set([apiKeyHeader, ...authenticators.flatMap((one) => one.spends({ headers }))]);
    return headers.filter(([name]) => !spent.has(name.toLowerCase()));
  }

  function refuse(context: RequestContext, judgement: Exclude<Judgement, { is: 'proven' }> | undefined): void {
    const { exchange } = context;
    if (judgement?.is === 'undecided')
      return sendProblem(exchange, { code: 'UNDECIDED', detail: `${judgement.why} Try again shortly.`, retryAfterSeconds: 5 });
    const why = judgement?.why ?? `this gateway wants credentials: ${authenticators.map(({ wants }) => wants).join(' or ')}.`;
    const toLogIn = login?.challenge(context);
    const hint = login === undefined ? '' : ` ${toLogIn === undefined ? needsTls : logInBy}`;
    const others = authenticators.flatMap((one) => one.challenges(judgement?.why));
    sendUnauthorized(exchange, `${why}${hint}`, toLogIn === undefined ? others : [toLogIn, ...others]);
  }

  function named(context: RequestContext, what: RequestKind, identity: Identity): RequestContext | undefined {
    const { name } = identity;
    const done = nameUser(unspent(context.headers), name, impersonators.has(name));
    if (done === 'mixed-families') {
      sendProblem(context.exchange, { code: 'BAD_REQUEST', detail: 'a request carries X-Trino- or X-Presto- headers, not both.' });
      return undefined;
    }
    if (!('mayNotBe' in done)) return context.admitted({ headers: done.headers, identity });
    const refusal = { code: 'FORBIDDEN', detail: `Access Denied: User ${name} cannot impersonate user ${done.mayNotBe}` } as const;
    // A page, because clients show its message and not that of a 403.
    if (what.kind === 'statement') return context.admitted({ headers: context.headers, identity, refusal });
    sendProblem(context.exchange, refusal);
    return undefined;
  }

  async function judgeAll(context: RequestContext, what: RequestKind): Promise<RequestContext | undefined> {
    let judgement: Judgement | undefined;
    for (const authenticator of authenticators) {
      judgement = await authenticator.judge(context);
      if (judgement !== undefined) break;
    }
    if (judgement?.is === 'proven') return named(context, what, judgement.identity);
    log.info('turned away', { kind: what.kind, address: context.forwarded.clientAddress, why: judgement?.why ?? 'no credentials' });
    refuse(context, judgement);
    return undefined;
  }

  return {
    admit: (context, what) =>
      isOpen(what, context, isUiOpen) ? context.admitted({ headers: unspent(context.headers) }) : judgeAll(context, what),
    mayUse: access.mayUse,
    ...(login === undefined ? {} : { login }),
    isReady: () => access.isReady() && authenticators.every((one) => one.isReady()),
  };
}

// Gateways with a login of their own before an issuer that is a real HTTP server, as a client and a browser come to them: two who share
// nothing. TLS ends in front of them.
import { Agent } from 'node:http';
import type { TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { readJsonByHttp } from '#gateway/admit/issuer-documents.ts';
import { createIssuerKeys } from '#gateway/admit/issuer-keys.ts';
import { createTokenAuthenticator } from '#gateway/admit/token-authenticator.ts';
import { createIssuerClient } from '#gateway/login/issuer-client.ts';
import { createOwnLogin } from '#gateway/login/own-login.ts';
import { createLog } from '#observe/log.ts';
import { createFakeIssuer, type FakeIssuer } from '../../fakes/fake-issuer.ts';
import type { FakeClock } from '../../fakes/fake-clock.ts';
import { aGuard } from './admit.ts';
import { createReplicas, sharedKeys } from './replicas.ts';
import type { Answer, Ask, Begun, Bench } from './setup.ts';

export interface Legs {
  readonly initiate: string;
  readonly poll: string;
}

export interface Logins {
  readonly issuer: FakeIssuer;
  readonly clock: FakeClock;
  readonly all: readonly Bench[];
  readonly lines: readonly string[];
  /** As its proxy sends it on. */
  send(bench: Bench, method: string, uri: string, ask?: Ask): Promise<Answer>;
  /** Addresses of the challenge that a statement without credentials gets. */
  challenged(bench: Bench): Promise<Legs>;
  /** The client waits for its token. */
  waits(bench: Bench, poll: string): Promise<Begun>;
  /** From the client's program to the issuer and back: the callback that the browser is sent to. */
  logsIn(bench: Bench, initiate: string): Promise<string>;
}

const secure = ['X-Forwarded-Proto', 'https'];

export function legsOf({ rawHeaders }: Answer): Legs {
  const [, initiate = '', poll = ''] = /x_redirect_server="([^"]+)", x_token_server="([^"]+)"/.exec(rawHeaders.join('\n')) ?? [];
  return { initiate, poll };
}

export async function createLogins(
  t: TestContext,
  count: number,
  routes: readonly RouteEntry[],
  own: { readonly address?: string; readonly secret?: string } = {},
): Promise<Logins> {
  const replicas = await createReplicas(t, 0, routes);
  const { clock, all } = replicas;
  const issuer = await createFakeIssuer(clock.now);
  t.after(() => issuer.stop());
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', write: (line) => void lines.push(line) });
  for (let index = 0; index < count; index += 1) {
    const keys = createIssuerKeys({ issuer: issuer.issuer, readJson: readJsonByHttp, clock, log });
    const expected = { issuer: issuer.issuer, audiences: ['trino'] };
    const claims = { userClaim: 'sub', groupsClaim: 'groups', isForwarded: false };
    const tokens = createTokenAuthenticator({ expected, keys, ...claims, clock, log });
    const { address, secret } = own;
    const client = createIssuerClient({
      issuer: issuer.issuer,
      clientId: 'trino',
      ...(secret === undefined ? {} : { secret: () => secret }),
      scopes: ['openid'],
      keys,
      tokens,
      readJson: readJsonByHttp,
      clock,
      wall: clock.now,
    });
    const place = address === undefined ? {} : { address };
    const login = createOwnLogin({ issuer: issuer.issuer, client, keys: sharedKeys, ...place, clock, wall: clock.now, log });
    const trustedProxies = [{ address: '127.0.0.1', prefixLength: 32, family: 'ipv4' }] as const;
    await replicas.start({ guard: aGuard({ authenticators: [tokens], login, log }), trustedProxies, log });
  }

  // Else each connection would end with its answer, whatever the gateway wants.
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const logins: Logins = {
    issuer,
    clock,
    all,
    lines,
    send: (bench, method, uri, ask = {}) =>
      bench.send(method, uri.replace(/^https:\/\/[^/]+/, ''), { agent, ...ask, headers: [...secure, ...(ask.headers ?? [])] }),
    async challenged(bench) {
      const answer = await logins.send(bench, 'POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
      if (answer.status !== 401) throw new Error(`answered ${answer.status}: ${answer.text}`);
      return legsOf(answer);
    },
    waits: (bench, poll) => bench.begin('GET', poll.replace(/^https:\/\/[^/]+/, ''), { agent, headers: secure }),
    async logsIn(bench, initiate) {
      const sent = await logins.send(bench, 'GET', initiate);
      const answer = await fetch(sent.headers.location ?? '', { redirect: 'manual' });
      return answer.headers.get('location') ?? '';
    },
  };
  return logins;
}

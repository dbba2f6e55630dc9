// A gateway that knows its clients by the tokens of an OIDC issuer, which is a real HTTP server here. Design D3, D12.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { readJsonByHttp } from '#gateway/admit/issuer-documents.ts';
import { createIssuerKeys, maxAgeMs, refetchAfterMs, type IssuerKeysInit } from '#gateway/admit/issuer-keys.ts';
import { createTokenAuthenticator } from '#gateway/admit/token-authenticator.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { aSigningKey, createFakeIssuer, type FakeIssuer } from '../../fakes/fake-issuer.ts';
import { aGuard, anApiKeyAuthenticator, annsKey } from './admit.ts';
import { asleep, aTrino, createBench, linesOf, runningOn, type Answer, type Bench } from './setup.ts';

interface Options {
  readonly isForwarded?: boolean;
  readonly userClaim?: string;
  readonly keys?: Partial<IssuerKeysInit>;
  readonly withApiKeys?: boolean;
}

interface Secured {
  readonly bench: Bench;
  readonly issuer: FakeIssuer;
  post(token: string, more?: readonly string[]): Promise<Answer>;
}

async function aSecuredBench(t: TestContext, routes: readonly RouteEntry[], options: Options = {}): Promise<Secured> {
  const clock = createFakeClock();
  const issuer = await createFakeIssuer(clock.now);
  t.after(() => issuer.stop());
  const keys = createIssuerKeys({ issuer: issuer.issuer, readJson: readJsonByHttp, clock, log: silentLog, ...options.keys });
  const tokens = createTokenAuthenticator({
    expected: { issuer: issuer.issuer, audiences: ['trino'] },
    keys,
    userClaim: options.userClaim ?? 'sub',
    groupsClaim: 'groups',
    isForwarded: options.isForwarded ?? false,
    clock,
    log: silentLog,
  });
  const authenticators = options.withApiKeys === true ? [tokens, anApiKeyAuthenticator()] : [tokens];
  const bench = await createBench(t, { routes, clock, guard: aGuard({ authenticators }) });
  const post: Secured['post'] = (token, more = []) =>
    bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers: ['Authorization', `Bearer ${token}`, ...more] });
  return { bench, issuer, post };
}

describe('a gateway with an OIDC issuer', () => {
  it('finds its keys by discovery, names the user to the coordinator, and keeps the token', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)]);
    const answer = await post(issuer.token());
    assert.deepEqual((await bench.follow(answer.page)).data, [[1]]);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-user', 'authorization'), ['X-Trino-User: ann']);
    assert.deepEqual(issuer.calls, ['/realm/.well-known/openid-configuration', '/keys']);
  });

  it('takes the user from the claim it is told, and gives the token on where coordinators verify it too', async (t) => {
    const trino = await aTrino(t);
    const { issuer, post } = await aSecuredBench(t, [runningOn(trino)], { isForwarded: true, userClaim: 'email' });
    const token = issuer.token({ email: 'ann@example.com' });
    assert.equal((await post(token)).status, 200);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-user', 'authorization'), [
      `Authorization: Bearer ${token}`,
      'X-Trino-User: ann@example.com',
    ]);
  });

  it('answers a bad token with 401 and why, asks the issuer for none whose claims are wrong, and wakes nothing', async (t) => {
    const { bench, issuer, post } = await aSecuredBench(t, [asleep]);
    const bad: readonly (readonly [string, RegExp])[] = [
      [issuer.token({ aud: 'x' }), /not for trino/],
      [issuer.token({ iss: issuer.issuer.slice(0, -1) }), /another issuer/],
      [issuer.token({ exp: 1 }), /expired/],
      ['not.a.token', /no JSON Web Token/],
    ];
    for (const [token, why] of bad) {
      const answer = await post(token);
      assert.equal(answer.status, 401);
      assert.match(answer.text, why);
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer realm="XTrinode", error="invalid_token", error_description="[^"]+"$/);
    }
    assert.deepEqual(issuer.calls, []);
    assert.equal((await post(issuer.token({}, aSigningKey('first')))).status, 401);
    assert.equal((await post(issuer.token({ sub: 'a\r\nb' }))).status, 401);
    const bare = await bench.post('SELECT 1');
    assert.deepEqual([bare.status, bare.headers['www-authenticate']], [401, 'Bearer realm="XTrinode"']);
    assert.deepEqual(bench.demands, []);
  });

  it('verifies a token once, and no longer than it is good', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)]);
    const token = issuer.token();
    assert.equal((await post(token)).status, 200);
    issuer.failing = 500;
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await post(token)).status, 200);
    assert.equal(issuer.calls.length, 2);
    bench.clock.advance(3_600_000 + 60_000);
    assert.equal((await post(token)).status, 401);
  });

  it('asks for a key that it does not know at most every 10 s, once for everybody who waits', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)]);
    const statuses = await Promise.all(Array.from({ length: 20 }, async (_, index) => (await post(issuer.token({ jti: index }))).status));
    assert.deepEqual([new Set(statuses), issuer.calls.length], [new Set([200]), 2]);
    const next = aSigningKey('second', 'PS256');
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await post(issuer.token({}, aSigningKey('stranger')))).status, 401);
    assert.equal(issuer.calls.length, 2);
    issuer.keys = [...issuer.keys, next];
    bench.clock.advance(refetchAfterMs);
    assert.equal((await post(issuer.token({}, next))).status, 200);
    assert.equal(issuer.calls.length, 4);
  });

  it('keeps the keys it has while the issuer fails or publishes none, and says 503 to a token that it cannot judge', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)]);
    assert.equal((await post(issuer.token())).status, 200);
    const [first] = issuer.keys;
    const next = aSigningKey('second');
    for (const fail of [() => (issuer.failing = 500), () => ((issuer.failing = undefined), (issuer.keys = []))]) {
      fail();
      bench.clock.advance(refetchAfterMs);
      const answer = await post(issuer.token({}, next));
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
      assert.equal((await post(issuer.token({ jti: 'new' }, first))).status, 200);
    }
  });

  it('lets a key go that the issuer took back, with the tokens that it had signed', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)]);
    const token = issuer.token();
    assert.equal((await post(token)).status, 200);
    const [, next] = (issuer.keys = [issuer.keys[0] ?? aSigningKey('first'), aSigningKey('second')]);
    issuer.keys = next === undefined ? [] : [next];
    bench.clock.advance(maxAgeMs);
    // The old set serves while the new one comes.
    assert.equal((await post(issuer.token({ jti: 'another' }, aSigningKey('first')))).status, 401);
    let status = 200;
    for (let turn = 0; turn < 200 && status === 200; turn += 1) status = (await post(token)).status;
    assert.equal(status, 401);
  });

  it('waits 5 s for keys and no longer', async (t) => {
    const never = { readJson: () => new Promise<never>(() => undefined) };
    const { bench, issuer } = await aSecuredBench(t, [asleep], { keys: never });
    const { answer } = await bench.begin('POST', '/v1/statement', {
      body: 'SELECT 1',
      headers: ['Authorization', `Bearer ${issuer.token()}`],
    });
    bench.clock.advance(5_000);
    assert.equal((await answer).status, 503);
    assert.deepEqual(bench.demands, []);
  });

  it('takes no keys from a discovery document of another issuer, or from a place without https', async (t) => {
    for (const document of [{ issuer: 'https://other', jwks_uri: 'https://other/keys' }, { jwks_uri: 'http://keys.example.com' }]) {
      const asked: string[] = [];
      const readJson = (url: string): Promise<unknown> => {
        asked.push(url);
        return Promise.resolve({ issuer: issuerOf(), ...document });
      };
      const secured: Secured = await aSecuredBench(t, [asleep], { keys: { readJson } });
      const issuerOf = (): string => secured.issuer.issuer;
      assert.equal((await secured.post(secured.issuer.token())).status, 503);
      assert.equal(asked.length, 1);
    }
  });

  it('takes API keys too, each by its own form', async (t) => {
    const trino = await aTrino(t);
    const { bench, issuer, post } = await aSecuredBench(t, [runningOn(trino)], { withApiKeys: true });
    assert.deepEqual([(await post(issuer.token())).status, (await post(annsKey)).status], [200, 200]);
    assert.equal((await bench.post('SELECT 1', { headers: ['X-API-Key', annsKey] })).status, 200);
    const answer = await bench.post('SELECT 1');
    assert.deepEqual(linesOf(answer.rawHeaders, 'www-authenticate'), [
      'WWW-Authenticate: Bearer realm="XTrinode"',
      'WWW-Authenticate: X-API-Key realm="XTrinode"',
      'WWW-Authenticate: Basic realm="XTrinode", charset="UTF-8"',
    ]);
  });
});

// Trino's own OAuth2 login through the gateway: the driver that polls for its token and the browser that goes to the identity provider
// share neither headers nor cookies, so that only the addresses which the coordinator makes say whose login it is.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { createLog } from '#observe/log.ts';
import { anEntry, aTrino, createBench, linesOf, runningOn, type Bench } from './setup.ts';
import type { FakeTrino } from '../../fakes/fake-trino.ts';

interface Login {
  readonly other: FakeTrino;
  readonly trino: FakeTrino;
  readonly bench: Bench;
  readonly lines: readonly string[];
  /** Of the challenge, as the client gets it. */
  readonly initiate: string;
  readonly poll: string;
  /** Where the identity provider sends the browser. */
  readonly callback: string;
  readonly secrets: readonly string[];
}

/** A statement without credentials has been challenged by team/b, which its header names; team/a is the default. */
async function challenged(t: TestContext): Promise<Login> {
  const [other, trino] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', write: (line) => void lines.push(line) });
  const bench = await createBench(t, { routes: [runningOn(other), runningOn(trino, { name: 'b' })], log });
  const authId = randomUUID();
  const hash = createHash('sha256').update(authId).digest('hex');
  const own = `${bench.origin}/oauth2/token`;
  // Trino 476 and 483 make these two without the prefix, and all other addresses with it.
  const challenge = `Bearer x_redirect_server="${own}/initiate/${hash}", x_token_server="${own}/${authId}"`;
  trino.failNext('POST', { status: 401, headers: ['WWW-Authenticate', challenge] });
  const answer = await bench.post('SELECT 1', { headers: ['X-Trino-XTrinode', 'team/b'] });
  assert.equal(answer.status, 401);
  const [initiate = '', poll = ''] = [...(answer.headers['www-authenticate'] ?? '').matchAll(/"([^"]*)"/g)].map(([, uri]) => uri);
  const callback = `${initiate.replace(/\/token\/.*/, '')}/callback?state=${signedState(hash)}&code=c0de`;
  return {
    other,
    trino,
    bench,
    lines,
    initiate,
    poll,
    callback,
    secrets: [authId, hash, 'c0de'],
  };
}

/** As Trino makes it: the hash inside, in a token that only the coordinator can check. */
function signedState(hash: string): string {
  return ['{"alg":"HS256"}', JSON.stringify({ handler_state: hash }), 'mac']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

const callsOf = ({ calls }: FakeTrino): readonly string[] => calls.slice(1).map(({ method, path }) => `${method} ${path}`);

describe('an OAuth2 login', () => {
  it('stays at the runtime that asked for it, in all its legs, without header, cookie or store [row 44] [row 45]', async (t) => {
    const { other, trino, bench, initiate, poll, callback } = await challenged(t);
    const replica = await createBench(t, { routes: [runningOn(other), runningOn(trino, { name: 'b' })], shard: 'hz' });
    // Each leg through another gateway: none of them knows what the other has seen.
    await bench.send('GET', initiate);
    await replica.send('GET', poll);
    await replica.send('GET', callback);
    await bench.send('DELETE', poll);
    assert.deepEqual(
      callsOf(trino),
      [`GET ${initiate}`, `GET ${poll}`, `GET ${callback}`, `DELETE ${poll}`].map((call) => call.replace(/http.*\/rt\/team\.b/, '')),
    );
    assert.deepEqual(other.calls, []);
    // At the identity provider both ends of a callback must have the same address.
    const prefixes = trino.calls.map(({ rawHeaders }) => linesOf(rawHeaders, 'x-forwarded-prefix').join());
    assert.deepEqual([...new Set(prefixes)], ['X-Forwarded-Prefix: /rt/team.b']);
  });

  it('is asked for also where the client names nobody, by the coordinator itself, and a runtime that sleeps is not woken for it', async (t) => {
    const { trino, bench } = await challenged(t);
    const challenges = ['Bearer x_redirect_server="i", x_token_server="t"', 'Basic realm="x"'];
    trino.failNext('POST', { status: 401, headers: challenges.flatMap((challenge) => ['WWW-Authenticate', challenge]) });
    const ask = (): ReturnType<Bench['send']> =>
      bench.send('POST', '/v1/statement', { headers: ['X-Trino-XTrinode', 'team/b'], body: 'SELECT 1' });
    const answer = await ask();
    assert.deepEqual(
      [answer.status, linesOf(answer.rawHeaders, 'www-authenticate')],
      [401, challenges.map((challenge) => `WWW-Authenticate: ${challenge}`)],
    );
    assert.equal(trino.count('GET'), 0);
    bench.route(anEntry({ name: 'b', state: 'PAUSED' }));
    assert.deepEqual([(await ask()).status, bench.demands], [401, []]);
  });

  it('keeps the nonce of its browser for the leg that needs it, and for this runtime alone', async (t) => {
    const { trino, bench, initiate } = await challenged(t);
    const nonce = '__Secure-Trino-Nonce=x;Version=1;Path=/oauth2/callback;Secure;HttpOnly';
    trino.failNext('GET /oauth2/token/initiate/', {
      status: 303,
      headers: ['Location', 'https://idp/?a=%2F', 'Set-Cookie', nonce, 'Set-Cookie', 'b=c'],
    });
    const answer = await bench.send('GET', initiate);
    assert.deepEqual(linesOf(answer.rawHeaders, 'location', 'set-cookie'), [
      'Location: https://idp/?a=%2F',
      'Set-Cookie: __Secure-Trino-Nonce=x;Version=1;Path=/rt/team.b/oauth2/callback;Secure;HttpOnly',
      'Set-Cookie: b=c',
    ]);
  });

  it('lets the coordinator hold a poll for its 10 s and longer [row 46]', async (t) => {
    const { trino, bench, poll } = await challenged(t);
    const held = Promise.withResolvers<void>();
    trino.failNext('GET /oauth2/token/', { after: held.promise });
    const { answer } = await bench.begin('GET', poll);
    await trino.called('GET /oauth2/token/');
    bench.clock.advance(20_000);
    held.resolve();
    assert.equal((await answer).status, 200);
    assert.equal(trino.count('GET /oauth2/token/'), 1);
  });

  it('whose runtime is gone ends: the driver gets the reason, the browser a page [row 47]', async (t) => {
    const { other, trino, bench, poll, initiate, callback } = await challenged(t);
    const before = trino.calls.length;
    async function ends(why: RegExp, status = 503): Promise<void> {
      const polled = await bench.drive(bench.send('GET', poll));
      assert.equal(polled.status, 200);
      assert.match((JSON.parse(polled.text) as { readonly error: string }).error, why);
      assert.equal((await bench.drive(bench.send('DELETE', poll))).status, 204);
      for (const leg of [initiate, callback]) {
        const shown = await bench.drive(bench.send('GET', leg));
        assert.deepEqual([shown.status, shown.headers['content-type']], [status, 'text/html; charset=utf-8']);
        assert.match(shown.text, why);
      }
    }
    bench.route(anEntry({ name: 'b', state: 'PAUSED' }));
    await ends(/runtime team\/b, which it began with, is PAUSED\. Begin it again/);
    await trino.die();
    bench.route(runningOn(trino, { name: 'b' }));
    await ends(/runtime team\/b, which it began with, does not answer\. Begin it again/);
    bench.route(anEntry({ name: 'b', state: 'REMOVED' }));
    await ends(/the path \/rt\/team\.b selects no runtime/, 404);
    assert.deepEqual([trino.calls.length, other.calls.length, bench.demands], [before, 0, []]);
  });

  it('leaves neither its id nor the hash of it in the log, also when something breaks [row 48]', async (t) => {
    const { trino, bench, lines, poll, initiate, callback, secrets } = await challenged(t);
    for (const leg of [initiate, poll, callback]) await bench.send('GET', leg);
    await trino.die();
    for (const leg of [initiate, poll, callback]) await bench.drive(bench.send('GET', leg));
    for (const secret of secrets) assert.ok(!lines.join('').includes(secret), secret);
  });
});

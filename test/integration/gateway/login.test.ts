// A login of the gateway's own: the whole exchange that Trino's clients know, before a runtime that sleeps through it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { holdMs, javaHoldMs, maxBrowserHops, maxRedirects } from '#gateway/login/own-login.ts';
import { keepMs } from '#gateway/login/rendezvous.ts';
import { maxLoginMs } from '#gateway/login/sealed-login.ts';
import { createLogins, legsOf, type Logins } from './login-setup.ts';
import { asleep, aTrino, linesOf, runningOn, type Answer, type Ask, type Bench } from './setup.ts';

const statement = { body: 'SELECT 1', headers: ['X-Trino-User', 'ann'] };

function jsonOf({ status, text }: Answer): { readonly token?: string; readonly nextUri?: string; readonly error?: string } {
  assert.equal(status, 200);
  return JSON.parse(text) as ReturnType<typeof jsonOf>;
}

/** The only gateway, without or with a client that waits there. */
async function one(t: TestContext): Promise<Logins & { readonly bench: Bench }> {
  const logins = await createLogins(t, 1, [asleep]);
  return { ...logins, bench: logins.all[0] as Bench };
}

async function two(t: TestContext): Promise<Logins & { readonly first: Bench; readonly second: Bench }> {
  const logins = await createLogins(t, 2, [asleep]);
  const [first, second] = logins.all as [Bench, Bench];
  return { ...logins, first, second };
}

/** The browser's way from gateway to gateway until nobody sends it on. */
async function arrives(
  { send }: Logins,
  address: string,
  way: readonly Bench[],
  ask: Ask = {},
): Promise<Answer & { readonly hops: number }> {
  const nextOf = ({ headers }: Answer): string | undefined => headers.location ?? /url=(.*)/.exec(String(headers['refresh']))?.[1];
  let answer = await send(way[0] as Bench, 'GET', address, ask);
  let hops = 0;
  for (let next = nextOf(answer); next !== undefined; next = nextOf(answer)) {
    assert.deepEqual([answer.headers.connection, answer.headers['referrer-policy']], ['close', 'no-referrer']);
    hops += 1;
    answer = await send(way[hops % way.length] as Bench, 'GET', next, ask);
  }
  return Object.assign(answer, { hops });
}

describe('a login of the gateway’s own', () => {
  it('lets a client in while its runtime sleeps, and nothing wakes before its statement [row 49]', async (t) => {
    const logins = await one(t);
    const { bench, issuer, send, challenged, waits, logsIn } = logins;
    const { initiate, poll } = await challenged(bench);
    for (const address of [initiate, poll]) assert.match(address, /^https:\/\/gw\.example:8080\/oauth2\/token\/(initiate\/)?x[\w.-]+$/);
    const polled = await waits(bench, poll);
    const shown = await arrives(logins, await logsIn(bench, initiate), [bench]);
    assert.deepEqual([shown.status, shown.hops], [200, 0]);
    assert.match(shown.text, /You are logged in/);
    const { token = '' } = jsonOf(await polled.answer);
    assert.equal((await send(bench, 'DELETE', poll)).status, 204);
    assert.equal(bench.demands.length, 0);

    const trino = await aTrino(t);
    const bearer = ['Authorization', `Bearer ${token}`];
    const held = await bench.begin('POST', '/v1/statement', { ...statement, headers: [...statement.headers, ...bearer] });
    assert.equal(bench.demands.length, 1);
    bench.route(runningOn(trino));
    const page = (await bench.drive(held.answer)).page;
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-user', 'authorization'), ['X-Trino-User: ann']);
    assert.equal(issuer.calls.filter((path) => path === '/token').length, 1);
  });

  it('is served by any gateway, leg by leg, and the browser goes on to the one where the client waits [row 49]', async (t) => {
    const logins = await two(t);
    const { first, second, issuer, send, challenged, waits, logsIn } = logins;
    const { initiate, poll } = await challenged(first);
    const polled = await waits(second, poll);
    const shown = await arrives(logins, await logsIn(first, initiate), [first, second]);
    assert.deepEqual([shown.status, shown.hops], [200, 1]);
    const { token = '' } = jsonOf(await polled.answer);
    assert.equal((await send(first, 'DELETE', poll)).status, 204);
    assert.equal(issuer.calls.filter((path) => path === '/token').length, 1);
    assert.deepEqual([first.demands, second.demands], [[], []]);
    const held = await send(first, 'HEAD', '/v1/statement', { headers: ['Authorization', `Bearer ${token}`] });
    assert.equal(held.status, 200);
  });

  it('of a client that waits nowhere is ended where the browser gives up, and found there by a later poll [row 49]', async (t) => {
    const logins = await two(t);
    const { first, second, clock, send, challenged, waits, logsIn } = logins;
    const { initiate, poll } = await challenged(first);
    const shown = await arrives(logins, await logsIn(first, initiate), [second]);
    assert.deepEqual([shown.status, shown.hops], [200, maxRedirects]);
    const early = await waits(first, poll);
    clock.advance(holdMs);
    const pending = await early.answer;
    assert.deepEqual([jsonOf(pending), pending.headers.connection], [{ nextUri: poll }, 'close']);
    const { token } = jsonOf(await send(second, 'GET', poll));
    assert.equal(typeof token, 'string');
    // An answer may be lost on its way.
    assert.equal(jsonOf(await send(second, 'GET', poll)).token, token);
    clock.advance(keepMs);
    const late = await waits(second, poll);
    clock.advance(holdMs);
    assert.deepEqual(Object.keys(jsonOf(await late.answer)), ['nextUri']);
  });

  it('goes on looking for its client with a page that goes on by itself, where it is a browser that would follow no more redirects', async (t) => {
    const logins = await two(t);
    const { first, second, challenged, waits, logsIn } = logins;
    const { initiate, poll } = await challenged(first);
    const polled = await waits(second, poll);
    const browser = { headers: ['User-Agent', 'Mozilla/5.0 (X11)'] };
    const way = [...Array.from({ length: maxRedirects + 5 }, () => first), second];
    const shown = await arrives(logins, await logsIn(first, initiate), way, browser);
    assert.deepEqual([shown.status, shown.hops], [200, maxRedirects + 5]);
    assert.equal(typeof jsonOf(await polled.answer).token, 'string');
    const another = await challenged(first);
    assert.equal((await arrives(logins, await logsIn(first, another.initiate), [second], browser)).hops, maxBrowserHops);
  });

  it('holds the poll of a Java client for less, since that polls for as long as it takes', async (t) => {
    const { bench, clock, challenged } = await one(t);
    const { poll } = await challenged(bench);
    const headers = ['X-Forwarded-Proto', 'https', 'User-Agent', 'TrinoTokenPoller/476'];
    const { answer } = await bench.begin('GET', poll.replace(/^https:\/\/[^/]+/, ''), { headers });
    clock.advance(javaHoldMs);
    assert.deepEqual(jsonOf(await answer), { nextUri: poll });
  });

  it('lets polls go elsewhere at once when its gateway stops', async (t) => {
    const { bench, challenged, waits } = await one(t);
    const { poll } = await challenged(bench);
    const polled = await waits(bench, poll);
    const stopped = bench.gateway.stop(0);
    assert.deepEqual(jsonOf(await polled.answer), { nextUri: poll });
    bench.clock.advance(1);
    await stopped;
  });

  it('that the issuer refuses ends for both: the client is told why, the browser too, and what to do', async (t) => {
    const logins = await one(t);
    const { bench, issuer, lines, challenged, waits, logsIn } = logins;
    issuer.refusal = { error: 'access_denied', error_description: 'ann <is> away' };
    const { initiate, poll } = await challenged(bench);
    const polled = await waits(bench, poll);
    const shown = await arrives(logins, await logsIn(bench, initiate), [bench]);
    assert.equal(shown.status, 400);
    assert.match(shown.text, /the issuer says access_denied: ann &#60;is&#62; away.*Run your statement again/s);
    assert.deepEqual(jsonOf(await polled.answer), { error: 'the issuer says access_denied: ann <is> away' });
    assert.match(lines.join(''), /"msg":"a login failed"/);
  });

  it('gives out no token that is not of this very login, or that this gateway would not take', async (t) => {
    const logins = await one(t);
    const { bench, issuer, challenged, waits, logsIn } = logins;
    async function endsWith(mint: typeof issuer.mint): Promise<string> {
      issuer.mint = mint;
      const { initiate, poll } = await challenged(bench);
      const polled = await waits(bench, poll);
      const shown = await arrives(logins, await logsIn(bench, initiate), [bench]);
      const { error = '', token } = jsonOf(await polled.answer);
      assert.equal(shown.status, token === undefined ? 400 : 200);
      return error;
    }
    const access_token = issuer.token();
    assert.match(await endsWith(() => ({ access_token, id_token: issuer.token({ nonce: 'another' }) })), /another login \(nonce\)/);
    assert.match(await endsWith(() => ({ access_token, id_token: issuer.token({ aud: 'other' }) })), /not for trino/);
    assert.match(await endsWith((nonce) => ({ access_token, id_token: issuer.token({ nonce, azp: 'other' }) })), /another client/);
    assert.match(await endsWith(() => ({ access_token })), /scope openid is needed/);
    const lacking = (nonce: string): object => ({ access_token: 'opaque', id_token: issuer.token({ nonce, sub: undefined }) });
    assert.match(await endsWith(lacking), /the access token: it is no JSON Web Token\. .*no usable name.*--jwt settings/);
    assert.equal(await endsWith((nonce) => ({ access_token: 'opaque', id_token: issuer.token({ nonce }) })), '');
  });

  it('ends with a sentence while the issuer is away, for whichever leg asks it', async (t) => {
    const logins = await one(t);
    const { bench, issuer, send, challenged, waits, logsIn } = logins;
    issuer.failing = 500;
    const { initiate } = await challenged(bench);
    const shown = await send(bench, 'GET', initiate);
    assert.equal(shown.status, 503);
    assert.match(shown.text, /cannot be asked just now; the log of the gateway says why/);
    issuer.failing = undefined;
    const again = await challenged(bench);
    const callback = await logsIn(bench, again.initiate);
    issuer.failing = 500;
    const polled = await waits(bench, again.poll);
    await arrives(logins, callback, [bench]);
    assert.match(jsonOf(await polled.answer).error ?? '', /cannot be asked just now/);
  });

  it('shows its secret to the issuer, and says so when that is not the right one', async (t) => {
    for (const secret of ['right: +', 'wrong']) {
      const logins = await createLogins(t, 1, [asleep], { secret });
      const { issuer, challenged, waits, logsIn } = logins;
      const bench = logins.all[0] as Bench;
      issuer.clientSecret = 'right%3A+%2B';
      const { initiate, poll } = await challenged(bench);
      const polled = await waits(bench, poll);
      await arrives(logins, await logsIn(bench, initiate), [bench]);
      const { error, token } = jsonOf(await polled.answer);
      if (secret === 'wrong') assert.match(error ?? '', /does not know this gateway \(invalid_client\): .* mend its client id or secret/);
      else assert.equal(typeof token, 'string');
    }
  });

  it('takes no address for another purpose than its own, none that is forged, and none too late', async (t) => {
    const { bench, clock, issuer, send, challenged, logsIn } = await one(t);
    const { initiate, poll } = await challenged(bench);
    const callback = await logsIn(bench, initiate);
    const asked = issuer.calls.length;
    const lastOf = (address: string): string => address.replace(/.*\//, '');
    const polls = [initiate.replace('initiate/', ''), `${poll.slice(0, -1)}${poll.endsWith('A') ? 'B' : 'A'}`];
    for (const address of polls)
      assert.match(jsonOf(await send(bench, 'GET', address)).error ?? '', /its address is wrong.*Begin it again/);
    const browsers = [
      `/oauth2/token/initiate/${lastOf(poll)}`,
      `/oauth2/callback?code=c&state=${lastOf(initiate)}`,
      `/oauth2/callback?code=c&state=${lastOf(poll)}`,
    ];
    for (const address of browsers) assert.equal((await send(bench, 'GET', address)).status, 400);
    assert.equal((await send(bench, 'POST', poll)).status, 405);
    assert.equal((await send(bench, 'DELETE', initiate)).status, 405);
    clock.advance(maxLoginMs + 1);
    assert.match(jsonOf(await send(bench, 'GET', poll)).error ?? '', /not finished within 15 minutes/);
    for (const address of [initiate, callback]) assert.match((await send(bench, 'GET', address)).text, /not finished within 15 minutes/);
    assert.equal(issuer.calls.length, asked);
  });

  it('exchanges a code once, however often the browser brings it', async (t) => {
    const logins = await one(t);
    const { bench, issuer, challenged, waits, logsIn } = logins;
    const { initiate, poll } = await challenged(bench);
    const callback = await logsIn(bench, initiate);
    const polled = await waits(bench, poll);
    const shown = await Promise.all([1, 2, 3].map(() => arrives(logins, callback, [bench])));
    assert.deepEqual(
      shown.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(typeof jsonOf(await polled.answer).token, 'string');
    const reloaded = await arrives(logins, callback, [bench]);
    assert.deepEqual([reloaded.status, reloaded.hops], [200, 0]);
    assert.equal(issuer.calls.filter((path) => path === '/token').length, 1);
  });

  it('is offered to an expired token too, never without TLS, and at the address that is set', async (t) => {
    const { bench, issuer, send } = await one(t);
    const expired = await send(bench, 'POST', '/v1/statement', {
      ...statement,
      headers: ['Authorization', `Bearer ${issuer.token({ exp: 1 })}`],
    });
    assert.equal(expired.status, 401);
    assert.match(legsOf(expired).poll, /^https:/);
    assert.match(expired.text, /the token has expired.* Log in with a browser: CLI --external-authentication/);
    assert.equal(linesOf(expired.rawHeaders, 'www-authenticate').length, 2);
    const plain = await bench.post('SELECT 1');
    assert.deepEqual([plain.status, linesOf(plain.rawHeaders, 'www-authenticate')], [401, ['WWW-Authenticate: Bearer realm="XTrinode"']]);
    assert.match(plain.text, /A login with a browser needs https: .*--trusted-proxies/);
    const prefixed = await send(bench, 'POST', '/rt/team.a/v1/statement', statement);
    assert.match(legsOf(prefixed).poll, /^https:\/\/gw\.example:8080\/oauth2\//);
    const logins = await createLogins(t, 1, [asleep], { address: 'https://login.example' });
    const { initiate, poll } = await logins.challenged(logins.all[0] as Bench);
    assert.deepEqual([new URL(initiate).origin, new URL(poll).origin], ['https://login.example', 'https://gw.example:8080']);
  });

  it('leaves the logins of coordinators alone', async (t) => {
    const { bench, send } = await one(t);
    const trino = await aTrino(t);
    bench.route(runningOn(trino));
    const legs = [
      '/oauth2/token/initiate/ab12',
      '/oauth2/token/0b0e1f64-7c9c-4b9e-a5f1-5d1f0c7a8e11',
      '/oauth2/callback?code=c&state=e30.e30.mac',
    ];
    for (const leg of legs) await send(bench, 'GET', leg);
    assert.deepEqual(
      trino.calls.map(({ path }) => path),
      legs,
    );
  });

  it('leaves none of its addresses, codes and tokens in the log [row 48]', async (t) => {
    const logins = await one(t);
    const { bench, issuer, lines, challenged, waits, logsIn } = logins;
    const secrets: string[] = [];
    for (const failing of [undefined, 500]) {
      const { initiate, poll } = await challenged(bench);
      const polled = await waits(bench, poll);
      const callback = await logsIn(bench, initiate);
      issuer.failing = failing;
      await arrives(logins, callback, [bench]);
      const query = new URL(callback).searchParams;
      const sealed = [initiate, poll].map((address) => address.slice(-40));
      secrets.push(
        ...sealed,
        query.get('code') ?? '',
        (query.get('state') ?? '').slice(-40),
        jsonOf(await polled.answer).token ?? sealed.join(),
      );
    }
    assert.match(lines.join(''), /"user":"ann".*"msg":"logged in"/);
    for (const secret of secrets) assert.ok(secret !== '' && !lines.join('').includes(secret), secret);
  });
});

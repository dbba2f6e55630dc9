// A gateway that knows its clients by API keys: who gets in, who wakes what, and what a coordinator hears of it. Design D3, D12.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gatewayApiKeysField, gatewayApiKeysSecret, gatewayNamespace } from '#apis/v1/resources.ts';
import type { Secret } from '#core/objects.ts';
import { createApiKeyAuthenticator } from '#gateway/admit/api-key-authenticator.ts';
import { createFileApiKeys, createSecretApiKeys } from '#gateway/admit/api-key-sources.ts';
import { secrets } from '#kube/resources.ts';
import { createLog, silentLog, type Log } from '#observe/log.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { createMemoryKubeApi } from '../../fakes/memory-kube-api.ts';
import { aGuard, annsKey, supersetsKey } from './admit.ts';
import { asleep, aTrino, createBench, linesOf, runningOn } from './setup.ts';

function asPassword(user: string, key: string): string {
  return `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
}

describe('a gateway with API keys', () => {
  for (const [how, headers] of [
    ['in X-API-Key', ['X-API-Key', annsKey]],
    ['as bearer token', ['Authorization', `Bearer ${annsKey}`]],
    ['as password', ['Authorization', asPassword('ann', annsKey)]],
  ] as const) {
    it(`lets its owner in ${how}, names it to the coordinator, and keeps the key from coordinator and log`, async (t) => {
      const lines: string[] = [];
      const log = createLog({ level: 'debug', format: 'json', write: (line) => void lines.push(line) });
      const trino = await aTrino(t);
      const bench = await createBench(t, { routes: [asleep], guard: aGuard({ log }), log });
      let { page } = await bench.drive(bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers }));
      bench.route(runningOn(trino));
      while (page.nextUri !== undefined) page = (await bench.drive(bench.send('GET', page.nextUri, { headers }))).page;
      assert.deepEqual(page.data, [[1]]);
      const posted = trino.calls.find(({ method }) => method === 'POST');
      assert.deepEqual(linesOf(posted?.rawHeaders ?? [], 'x-trino-user'), ['X-Trino-User: ann']);
      for (const { rawHeaders } of trino.calls) assert.deepEqual(linesOf(rawHeaders, 'x-api-key', 'authorization'), []);
      assert.doesNotMatch(lines.join(''), new RegExp(`${annsKey}|${Buffer.from(annsKey).toString('base64').slice(2, 20)}`));
    });
  }

  it('leaves credentials for the coordinator alone beside its own', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)], guard: aGuard() });
    await bench.post('SELECT 1', { headers: ['X-API-Key', annsKey, 'Authorization', 'Basic YW5uOnRyaW5v'] });
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-api-key', 'authorization'), ['Authorization: Basic YW5uOnRyaW5v']);
  });

  for (const [who, headers] of [
    ['without credentials', []],
    ['with a wrong key', ['X-API-Key', 'key-of-nobody-0123456789']],
    ['with a wrong password', ['Authorization', asPassword('ann', 'key-of-nobody-0123456789')]],
    ['with a wrong key beside a right password', ['X-API-Key', 'wrong', 'Authorization', asPassword('ann', annsKey)]],
    ['with Kerberos', ['Authorization', 'Negotiate abc']],
  ] as const) {
    it(`answers a statement ${who} with 401, a challenge of each kind and a sentence, and wakes nothing [row 30]`, async (t) => {
      const bench = await createBench(t, { routes: [asleep], guard: aGuard() });
      const answer = await bench.post('SELECT 1', { headers });
      assert.equal(answer.status, 401);
      assert.deepEqual(linesOf(answer.rawHeaders, 'www-authenticate'), [
        'WWW-Authenticate: X-API-Key realm="XTrinode"',
        'WWW-Authenticate: Basic realm="XTrinode", charset="UTF-8"',
      ]);
      assert.match(answer.text, /^(this gateway wants credentials: .*|the API key is not known here\.)\n$/);
      assert.equal((await bench.send('HEAD', '/v1/statement', { headers })).status, 401);
      assert.deepEqual(bench.demands, []);
    });
  }

  it('lets nobody be another user, says so on a page, and wakes nothing for it', async (t) => {
    const bench = await createBench(t, { routes: [asleep], guard: aGuard() });
    const headers = ['X-API-Key', annsKey, 'X-Trino-User', 'bob'];
    const last = await bench.follow((await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers })).page);
    assert.deepEqual(
      [last.error?.errorName, last.error?.message],
      ['PERMISSION_DENIED', 'Access Denied: User ann cannot impersonate user bob'],
    );
    assert.equal((await bench.send('GET', '/v1/query', { headers })).status, 403);
    assert.deepEqual(bench.demands, []);
  });

  it('lets those be another user who may', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)], guard: aGuard() });
    const headers = ['X-API-Key', supersetsKey, 'X-Trino-User', 'bob'];
    await bench.send('POST', '/v1/statement', { body: 'SELECT 1', headers });
    assert.deepEqual(linesOf(trino.calls[0]?.rawHeaders ?? [], 'x-trino-user'), ['X-Trino-User: bob']);
  });

  it('takes pages by their address alone, as Trino does, and what can be guessed with credentials only', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)], guard: aGuard() });
    const { page } = await bench.post('SELECT 1', { headers: ['X-API-Key', annsKey] });
    assert.deepEqual((await bench.follow(page)).data, [[1]]);
    const closed: readonly (readonly [string, string])[] = [
      ['GET', '/v1/query'],
      ['GET', `/v1/query/${page.id}`],
      ['DELETE', `/v1/query/${page.id}`],
      ['PUT', `/v1/query/${page.id}/killed`],
      ['GET', '/ui/'],
      ['GET', `/ui/api/query/${page.id}`],
    ];
    const before = trino.calls.length;
    for (const [method, path] of closed) assert.equal((await bench.send(method, path)).status, 401, `${method} ${path}`);
    assert.equal(trino.calls.length, before);
    for (const path of ['/v1/info', '/readyz', '/livez', '/healthz']) assert.equal((await bench.send('GET', path)).status, 200, path);
    assert.equal((await bench.send('GET', '/ui/', { headers: ['Authorization', asPassword('ann', annsKey)] })).status, 200);
  });

  it('leaves the UI to its own login when told so', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)], guard: aGuard({ isUiOpen: true }) });
    assert.equal((await bench.send('GET', '/ui/')).status, 200);
    assert.equal((await bench.send('GET', '/v1/query')).status, 401);
  });

  it('is not ready, and lets nobody in, before it has read keys', async (t) => {
    const authenticators = [createApiKeyAuthenticator({ current: () => undefined })];
    const bench = await createBench(t, { routes: [asleep], guard: aGuard({ authenticators }) });
    assert.equal((await bench.send('GET', '/readyz')).status, 503);
    const answer = await bench.post('SELECT 1', { headers: ['X-API-Key', annsKey] });
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
  });
});

function aListeningLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { log: { ...silentLog, info: write, warn: write, error: write }, lines };
}

function ids(source: { current(): { readonly keys: readonly { readonly id: string }[] } | undefined }): string[] | undefined {
  return source.current()?.keys.map(({ id }) => id);
}

describe('API keys', () => {
  it('of a file are read again when it changes, and a mistake, an emptied or a deleted file changes nothing', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-keys-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'keys');
    const clock = createFakeClock();
    const { log, lines } = aListeningLog();
    const source = createFileApiKeys({ file, clock, log });
    t.after(() => source.stop());
    await source.start();
    assert.equal(source.current(), undefined);
    const change = async (how: () => void): Promise<void> => {
      how();
      while (clock.pendingDelays().length === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    };
    await change(() => writeFileSync(file, `ann: ${annsKey}`));
    assert.deepEqual(ids(source), ['ann']);
    assert.match(lines.at(-1) ?? '', /can be read where they are stored.*"ids":\["ann"\]/);
    for (const bad of ['', 'ann: short', 'nonsense']) {
      await change(() => writeFileSync(file, bad));
      assert.deepEqual(ids(source), ['ann']);
      assert.match(lines.at(-1) ?? '', /the last good keys stay in force/);
    }
    await change(() => rmSync(file));
    assert.deepEqual(ids(source), ['ann']);
    await change(() => writeFileSync(file, `bob: ${annsKey}`));
    assert.deepEqual(ids(source), ['bob']);
    assert.doesNotMatch(lines.join('\n'), new RegExp(annsKey));
  });

  it('of a Secret are followed, and an emptied or deleted Secret changes nothing', async (t) => {
    const api = createMemoryKubeApi();
    const { log, lines } = aListeningLog();
    const source = createSecretApiKeys({ api, clock: createFakeClock(), random: () => 0.5, log });
    t.after(() => source.stop());
    await source.start();
    assert.match(lines.at(-1) ?? '', /there is no such Secret: kubectl -n xtrinode-gateway create secret/);
    const metadata = { namespace: gatewayNamespace, name: gatewayApiKeysSecret };
    const aSecret = (text: string): Secret => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      data: { [gatewayApiKeysField]: Buffer.from(text).toString('base64') },
    });
    const told = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(lines.at(-1) ?? '')) await new Promise((resolve) => setImmediate(resolve));
    };
    const by = { fieldManager: 'test' };
    await api.create(secrets, aSecret(`ann: "${annsKey},${supersetsKey}"`), by);
    await told(/can be read/);
    assert.deepEqual(ids(source), ['ann', 'ann']);
    await api.remove(secrets, metadata);
    await told(/the Secret is gone/);
    await api.create(secrets, aSecret(''), by);
    await told(/it has no keys/);
    assert.deepEqual(ids(source), ['ann', 'ann']);
  });
});

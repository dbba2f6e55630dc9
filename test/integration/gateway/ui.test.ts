// The Trino UI behind the gateway. Two runtimes' UIs in one browser: their cookies have the same names and paths, so only the host
// name keeps them apart (docs/gateway-phases.md). And the UI's own query editor.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { asleep, aTrino, createBench, linesOf, runningOn, type Answer } from './setup.ts';

const browserHeaders = ['Accept', 'text/html'];

it('the UIs of two runtimes in one browser do not see each other’s login: cookies belong to the host name alone [row 50]', async (t) => {
  const [a, b] = [await aTrino(t, { coordinatorId: 'aaaaa' }), await aTrino(t, { coordinatorId: 'bbbbb' })];
  const bench = await createBench(t, {
    routes: [runningOn(a, { hosts: ['a.example.com'] }), runningOn(b, { name: 'b', hosts: ['b.example.com'] })],
  });
  const login = (name: string): readonly string[] => [
    `Trino-UI-Token=${name}; Version=1; Path=/ui; HttpOnly`,
    `__Secure-Trino-OAuth2-Token=${name}2; Path=/ui/; Secure; HttpOnly; SameSite=Lax`,
  ];
  // What a browser keeps: without the attribute Domain, by the host that set it (RFC 6265 section 5.3).
  const jar = new Map<string, string>();
  async function visit(host: string, method = 'GET', path = '/ui/'): Promise<Answer> {
    const cookie = jar.has(host) ? ['Cookie', jar.get(host) ?? ''] : [];
    const answer = await bench.send(method, path, { headers: ['Host', host, ...browserHeaders, ...cookie] });
    const set = answer.headers['set-cookie'] ?? [];
    if (set.length > 0) jar.set(host, set.map((line) => line.split(';')[0]).join('; '));
    return answer;
  }
  for (const [trino, host] of [
    [a, 'a.example.com'],
    [b, 'b.example.com'],
  ] as const) {
    const headers = login(trino.coordinatorId).flatMap((line) => ['Set-Cookie', line]);
    trino.failNext('POST /ui/login', { status: 303, headers: [...headers, 'Location', '/ui/'] });
    const answer = await visit(host, 'POST', '/ui/login');
    // Line by line as Trino set them: nothing is added that would make them another host's too.
    assert.deepEqual(
      linesOf(answer.rawHeaders, 'set-cookie'),
      login(trino.coordinatorId).map((line) => `Set-Cookie: ${line}`),
    );
    assert.ok(!answer.rawHeaders.some((text) => /domain=/i.test(text)));
  }
  for (const [trino, host] of [
    [a, 'a.example.com'],
    [b, 'b.example.com'],
  ] as const) {
    await visit(host);
    const sent = linesOf(trino.calls.at(-1)?.rawHeaders ?? [], 'cookie');
    assert.deepEqual(sent, [`Cookie: Trino-UI-Token=${trino.coordinatorId}; __Secure-Trino-OAuth2-Token=${trino.coordinatorId}2`]);
  }
});

it('the UI’s query editor reaches the runtime of the host name with its cookie, and one that sleeps refuses it and sleeps on [row 52]', async (t) => {
  const b = await aTrino(t);
  const bench = await createBench(t, {
    routes: [{ ...asleep, hosts: ['a.example.com'] }, runningOn(b, { name: 'b', hosts: ['b.example.com'] })],
  });
  const ask = (host: string): Promise<Answer> =>
    bench.send('POST', '/ui/api/statement', {
      headers: ['Host', host, 'Cookie', 'Trino-UI-Token=b', 'X-Trino-UI-Request', 'true'],
      body: 'SELECT 1',
    });
  assert.equal((await ask('b.example.com')).text, 'POST /ui/api/statement SELECT 1');
  const sent = linesOf(b.calls.at(-1)?.rawHeaders ?? [], 'cookie', 'x-trino-ui-request');
  assert.deepEqual(sent, ['Cookie: Trino-UI-Token=b', 'X-Trino-UI-Request: true']);
  const refused = await ask('a.example.com');
  assert.equal(refused.status, 503);
  assert.match(refused.text, /runtime team\/a is PAUSED; it wakes on its first query/);
  assert.deepEqual(bench.demands, []);
});

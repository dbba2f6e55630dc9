// Credentials pass through and are written nowhere.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '#observe/log.ts';
import { asleep, aTrino, createBench, linesOf, runningOn } from './setup.ts';

describe('credentials', () => {
  for (const authorization of ['Basic YW5uOnNlY3JldA==', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl']) {
    it(`of the kind ${authorization.split(' ')[0]} go with the statement, held or not, and with each poll, and are never logged [row 42]`, async (t) => {
      const lines: string[] = [];
      const log = createLog({ level: 'debug', format: 'json', write: (line) => void lines.push(line) });
      const trino = await aTrino(t);
      const bench = await createBench(t, { routes: [asleep], log });
      const headers = ['Authorization', authorization, 'X-Trino-Extra-Credential', 'key=hidden', 'Cookie', 'session=hidden'];
      let { page } = await bench.drive(bench.post('SELECT 1', { headers }));
      bench.route(runningOn(trino));
      // Held, then refused once, then running; what goes wrong is logged most.
      trino.failNext('POST', 'reset-before-head', { status: 503 });
      trino.failNext('GET /v1/statement', 'reset-before-head', ...Array.from({ length: 5 }, () => ({ status: 502 })));
      while (page.nextUri !== undefined) page = (await bench.drive(bench.send('GET', page.nextUri, { headers }))).page;
      assert.deepEqual(page.data, [[1]]);
      // What the gateway asks by itself has none.
      const calls = trino.calls.filter(({ path }) => path !== '/v1/info');
      const sent = calls.map(({ rawHeaders }) => linesOf(rawHeaders, 'authorization'));
      assert.ok(sent.length > 8);
      for (const line of sent) assert.deepEqual(line, [`Authorization: ${authorization}`]);
      assert.match(lines.join(''), /handed over/);
      assert.doesNotMatch(lines.join(''), /YW5uOnNlY3JldA|eyJhbG|c2lnbmF0dXJl|hidden|secret/);
    });
  }
});

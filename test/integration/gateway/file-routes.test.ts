// A gateway that runs from a file: what it reads, what it keeps, and what its clients are told. Design D7.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readYamlDocuments } from '#cli/kubernetes-yaml.ts';
import { runCli } from '#cli/program.ts';
import { createFileRoutes } from '#gateway/routing/file-routes.ts';
import type { Log, LogFields } from '#observe/log.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { aTerminal } from '../../fakes/terminal.ts';
import { send } from './setup.ts';

function aFile(t: TestContext, text?: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-routes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'routes.json');
  if (text !== undefined) writeFileSync(file, text);
  return file;
}

const a = { namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl: 'http://127.0.0.1:1' };
const b = { ...a, name: 'b', hosts: ['b.example.com'] };

async function aSource(t: TestContext, file: string) {
  const clock = createFakeClock();
  const warnings: string[] = [];
  const warn = (message: string, fields?: LogFields): void => void warnings.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, warn };
  const source = createFileRoutes({ file, parse: (text) => readYamlDocuments(text)[0], clock, log });
  t.after(() => source.stop());
  await source.start();
  let swaps = 0;
  source.subscribe(() => (swaps += 1));
  return {
    warnings,
    swaps: () => swaps,
    names: () => [...source.table().byKey.values()].map(({ name, state }) => `${name} ${state}`),
    entry: (key: string) => source.table().byKey.get(key),
    /** Fulfilled when the change has been noticed and read. */
    async change(how: () => void): Promise<void> {
      how();
      while (clock.pendingDelays().length === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    },
  };
}

describe('a routes file', () => {
  it('is read again when it is written or replaced, and entries that did not change stay the same ones', async (t) => {
    const file = aFile(t, JSON.stringify([a, b]));
    const source = await aSource(t, file);
    assert.deepEqual(source.names(), ['a RUNNING', 'b RUNNING']);
    const before = source.entry('team/b');
    await source.change(() => writeFileSync(file, JSON.stringify([{ ...a, state: 'DRAINING' }, b])));
    assert.deepEqual(source.names(), ['a DRAINING', 'b RUNNING']);
    assert.equal(source.entry('team/b'), before);
    writeFileSync(`${file}.new`, JSON.stringify([a, b]));
    await source.change(() => renameSync(`${file}.new`, file));
    assert.deepEqual(source.names(), ['a RUNNING', 'b RUNNING']);
    assert.equal(source.swaps(), 2);
  });

  it('with a bad entry keeps the last good version of that one and takes the others', async (t) => {
    const file = aFile(t, JSON.stringify([a, b]));
    const source = await aSource(t, file);
    await source.change(() =>
      writeFileSync(
        file,
        JSON.stringify([
          { ...a, state: 'RUNING' },
          { ...b, state: 'DRAINING' },
        ]),
      ),
    );
    assert.deepEqual(source.names(), ['a RUNNING', 'b DRAINING']);
    assert.match(source.warnings[0] ?? '', /its last good version.*entry 1 \(team\/a\): state is \\"RUNING\\": it must be one of/);
  });

  for (const [what, how] of [
    ['is emptied', (file: string) => writeFileSync(file, '')],
    ['is no longer well-formed', (file: string) => writeFileSync(file, '[{')],
    ['is no list', (file: string) => writeFileSync(file, '{}')],
    ['is an empty list', (file: string) => writeFileSync(file, '[]')],
    ['is deleted', (file: string) => rmSync(file)],
    ['loses an entry', (file: string) => writeFileSync(file, JSON.stringify([b]))],
  ] as const) {
    it(`that ${what} changes nothing, and the log says so`, async (t) => {
      const file = aFile(t, JSON.stringify([a, b]));
      const source = await aSource(t, file);
      await source.change(() => how(file));
      assert.deepEqual(source.names(), ['a RUNNING', 'b RUNNING']);
      assert.match(source.warnings.join(), /stay(s)? in force/);
    });
  }

  it('takes an entry away by its state REMOVED alone', async (t) => {
    const file = aFile(t, JSON.stringify([a, b]));
    const source = await aSource(t, file);
    await source.change(() => writeFileSync(file, JSON.stringify([a, { ...b, state: 'REMOVED' }])));
    assert.deepEqual(source.names(), ['a RUNNING', 'b REMOVED']);
  });
});

/** As the Go reference's operator writes it, one route with all it can say. */
const referenceRoutes = `
routes:
  - name: bi
    routingGroup: bi
    header: bi
    hostname: bi.trino.example.com
    default: true
    backends:
      - name: bi-small
        namespace: team-a
        coordinatorURL: http://trino-bi-small.team-a.svc.cluster.local:8080
        state: RUNNING
        active: true
        tier: xs
        capacityUnits: 1
        runtimeShapeVersion: v1
        runtimeShapeHash: 9f86d081884c7d65
        observedGeneration: 4
      - name: bi-large
        namespace: team-a
        coordinatorURL: http://trino-bi-large.team-a.svc.cluster.local:8080
        state: DRAINING
        active: false
        tier: l
        capacityUnits: 8
        drainUntil: 2026-01-01T00:05:00Z
  - name: team-b--etl
    routingGroup: team-b--etl
    backends:
      - name: etl
        namespace: team-b
        coordinatorURL: http://trino-etl.team-b.svc.cluster.local:8080
        state: RESUMING
        active: true
`;

describe("the reference's routes.yaml", () => {
  it('is read as it is written there', async (t) => {
    const source = await aSource(t, aFile(t, referenceRoutes));
    assert.deepEqual([source.names(), source.warnings], [['bi-small RUNNING', 'bi-large DRAINING', 'etl RESUMING'], []]);
    const { hosts, headerValues, routingGroup, isDefault } = source.entry('team-a/bi-small') ?? {};
    assert.deepEqual([hosts, headerValues, routingGroup, isDefault], [['bi.trino.example.com'], ['bi', 'team-a/bi-small'], 'bi', true]);
  });

  it('keeps the last good version of a bad backend, and what is emptied or taken out changes nothing', async (t) => {
    const file = aFile(t, referenceRoutes);
    const source = await aSource(t, file);
    const before = source.entry('team-a/bi-small');
    await source.change(() => writeFileSync(file, referenceRoutes.replace('state: RUNNING', 'state: UP').replace('RESUMING', 'RUNNING')));
    assert.deepEqual(source.names(), ['bi-small RUNNING', 'bi-large DRAINING', 'etl RUNNING']);
    assert.equal(source.entry('team-a/bi-small'), before);
    assert.match(source.warnings[0] ?? '', /route 1 \(bi\), backend 1 \(team-a\/bi-small\): state is \\"UP\\": it must be one of/);
    await source.change(() => writeFileSync(file, 'routes: []'));
    assert.deepEqual(source.names(), ['bi-small RUNNING', 'bi-large DRAINING', 'etl RUNNING']);
    assert.match(source.warnings.at(-1) ?? '', /no longer in the file; they stay in force/);
  });
});

describe('xtrinode gateway', () => {
  async function aGateway(t: TestContext, file: string, ...flags: readonly string[]) {
    const terminal = aTerminal({});
    const ended = runCli(['gateway', '--routes', file, '--listen', '127.0.0.1:0', ...flags], terminal.io);
    t.after(async () => {
      terminal.interrupt();
      assert.equal(await ended, 0);
    });
    while (!terminal.out().includes('\n')) await new Promise((resolve) => setImmediate(resolve));
    const port = Number(/^gateway ready: http:\/\/127\.0\.0\.1:(\d+)\n$/.exec(terminal.out())?.[1]);
    return { port, terminal };
  }

  it('says that it has nobody to wake, at the start and to the client of a runtime that is PAUSED', async (t) => {
    const file = aFile(t, '- {namespace: team, name: a, state: PAUSED, isDefault: true}\n');
    const { port, terminal } = await aGateway(t, file);
    assert.match(terminal.notes(), /there is nobody to wake a sleeping runtime/);
    assert.equal((await send(port, 'GET', '/readyz')).status, 200);
    const { page } = await send(port, 'POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    assert.equal(page.error, undefined);
    const { error } = (await send(port, 'GET', (page.nextUri ?? '').replace(/^http:\/\/[^/]+/, ''))).page;
    assert.match(
      error?.message ?? '',
      /^runtime team\/a cannot start: it is PAUSED, .* nobody to wake it: .* state: RUNNING in .*routes\.json/,
    );
  });

  it('goes on with a statement that waits at another one which has the same seal keys, and not without them', async (t) => {
    const file = aFile(t, '- {namespace: team, name: a, state: RESUMING, isDefault: true}\n');
    const keys = aFile(t, `${randomBytes(32).toString('base64')}\n`);
    const [one, other, stranger] = [
      await aGateway(t, file, '--seal-keys-file', keys),
      await aGateway(t, file, '--seal-keys-file', keys),
      await aGateway(t, file),
    ];
    const { page } = await send(one.port, 'POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' });
    const path = (page.nextUri ?? '').replace(/^http:\/\/[^/]+/, '');
    assert.equal((await send(other.port, 'HEAD', path)).status, 200);
    assert.equal((await send(stranger.port, 'HEAD', path)).status, 404);
    for (const { port } of [one, other]) assert.equal((await send(port, 'DELETE', path)).status, 204);
  });

  it('that cannot use its seal keys says why and ends', async (t) => {
    const terminal = aTerminal({});
    const bad = aFile(t, 'c2hvcnQ=\n');
    assert.equal(await runCli(['gateway', '--routes', bad, '--seal-keys-file', bad, '--listen', '127.0.0.1:0'], terminal.io), 1);
    assert.match(terminal.notes(), /key 1 is not 32 bytes in base64\.\n {2}Make a file with a key/);
  });

  it('is not ready while it has no readable routes', async (t) => {
    const file = aFile(t);
    const { port, terminal } = await aGateway(t, file);
    assert.equal((await send(port, 'GET', '/readyz')).status, 503);
    assert.match(terminal.notes(), /cannot be read.*no route is known yet/);
  });

  it('that is given a path into nowhere, or no address, says so and ends', async () => {
    const nowhere = aTerminal({});
    assert.equal(await runCli(['gateway', '--routes', '/nonexistent/routes.yaml', '--listen', '127.0.0.1:0'], nowhere.io), 1);
    assert.match(nowhere.notes(), /there is no directory \/nonexistent\.\n {2}Give the path/);
    for (const listen of ['::1:0', 'localhost:70000', 'localhost']) {
      const terminal = aTerminal({});
      assert.equal(await runCli(['gateway', '--routes', 'routes.yaml', '--listen', listen], terminal.io), 2);
      assert.match(terminal.notes(), /--listen: .* expected an address to listen on/);
    }
  });
});

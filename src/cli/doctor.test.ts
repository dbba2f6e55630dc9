import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { aTerminal } from '../../test/fakes/terminal.ts';
import { runCli } from './program.ts';

function aHome(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'xtrinode-doctor-'));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}

async function aBusyPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a port in use fails with the command that shows by whom, and doctor exits with 1', async (t) => {
  const port = await aBusyPort(t);
  const { io, out, notes } = aTerminal({ PATH: '' });
  assert.equal(await runCli(['doctor', '--home', aHome(t), '--gateway-port', `${port}`], io), 1);
  assert.match(out(), new RegExp(`^fail +port ${port} +in use by another program\\n.*ss -ltnp .*--gateway-port`, 'm'));
  assert.match(notes(), /checks? failed: "xtrinode up" cannot work here yet\n$/);
});

test('the port may be in use by the running "up" itself', async (t) => {
  const port = await aBusyPort(t);
  const home = aHome(t);
  writeFileSync(join(home, 'up.json'), JSON.stringify({ pid: process.pid, gatewayUrl: `http://localhost:${port}` }));
  const { io, out } = aTerminal({ PATH: '' });
  await runCli(['doctor', '--home', home, '--gateway-port', `${port}`], io);
  assert.match(out(), new RegExp(`^ok +port ${port} +in use while "xtrinode up" is running$`, 'm'));
});

test('without Maven, a Trino of one’s own is the way out', async (t) => {
  const home = aHome(t);
  const without = aTerminal({ PATH: '' });
  await runCli(['doctor', '--home', home], without.io);
  assert.match(without.out(), /^fail +Maven +not found\n.*--trino-home/m);
  mkdirSync(join(home, 'trino', 'lib'), { recursive: true });
  const having = aTerminal({ PATH: '' });
  await runCli(['doctor', '--home', home, '--trino-home', join(home, 'trino')], having.io);
  assert.match(having.out(), /^ok +Maven +not found, and not needed/m);
  assert.match(having.out(), /^ok +Trino 483 +own distribution in /m);
});

test('a directory that holds no Trino is named', async (t) => {
  const home = aHome(t);
  const { io, out } = aTerminal({ PATH: '' });
  assert.equal(await runCli(['doctor', '--home', home, '--trino-home', home], io), 1);
  assert.match(out(), /^fail +Trino 483 +.* has no lib directory$/m);
});

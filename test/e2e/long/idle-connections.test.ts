// Ten thousand clients that are connected and say nothing, as pools and BI tools leave them: what each costs a real gateway process,
// that it serves others meanwhile, and that all are still good.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFakeTrino } from '../../fakes/fake-trino.ts';
import { start } from '../harness/children.ts';
import { root } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const connections = 10_000;
/** More at once than the kernel lets wait for one listener would be refused. */
const atOnce = 200;
const mostBytesEach = 20 * 1024;

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function ask(socket: Socket): Promise<string> {
  socket.write('GET /v1/info HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().slice(0, 15);
}

async function inBatches<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += atOnce) results.push(...(await Promise.all(all.slice(at, at + atOnce).map(each))));
  return results;
}

async function run(url: string): Promise<unknown> {
  const headers = { 'X-Trino-User': 'ann' };
  let page = (await (await fetch(`${url}/v1/statement`, { method: 'POST', headers, body: 'SELECT 1' })).json()) as { nextUri?: string };
  while (page.nextUri !== undefined) page = (await (await fetch(page.nextUri, { headers })).json()) as { nextUri?: string };
  return (page as { readonly data?: unknown }).data;
}

test('10,000 idle connections cost 20 KB each at most, a query runs beside them, and all are still good', async () => {
  const trino = await createFakeTrino();
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-idle-'));
  const routes = join(directory, 'routes.json');
  writeFileSync(routes, JSON.stringify([{ namespace: 'a', name: 'a', state: 'RUNNING', coordinatorUrl: trino.url, isDefault: true }]));
  const gateway = start([process.execPath, join(root, 'src', 'main.ts'), 'gateway', '--routes', routes, '--listen', '127.0.0.1:0']);
  const sockets: Socket[] = [];
  after(async () => {
    for (const socket of sockets) socket.destroy();
    gateway.process.kill('SIGTERM');
    assert.equal((await gateway.ended).code, 0);
    await trino.stop();
    rmSync(directory, { recursive: true });
  });
  const url = await eventually('the ready line of the gateway', 60_000, () => /^gateway ready: (\S+)$/m.exec(gateway.out())?.[1]);
  // Whatever it loads for its first query is no cost of a connection.
  assert.deepEqual(await run(url), [[1]]);
  const before = residentBytes(gateway.pid);
  const open = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    sockets.push(socket);
    await once(socket, 'connect');
    return ask(socket);
  };
  const indices = Array.from({ length: connections }, (_, index) => index);
  assert.deepEqual([...new Set(await inBatches(indices, open))], ['HTTP/1.1 200 OK']);
  const bytesEach = (residentBytes(gateway.pid) - before) / connections;
  process.stderr.write(`${connections} idle connections: ${Math.round(bytesEach)} bytes each\n`);
  assert.ok(bytesEach <= mostBytesEach, `${bytesEach} bytes each`);
  assert.deepEqual(await run(url), [[1]]);
  assert.deepEqual([...new Set(await inBatches(sockets, ask))], ['HTTP/1.1 200 OK']);
});

// Coordinators that are reached by https: the gateway as its own process would run, and in front of a fake coordinator the end of TLS,
// which counts what it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createServer } from 'node:tls';
import { issueCa, issueServerCertificate, type IssuedCertificate } from '#certificates/issue.ts';
import { bigRun, createFakeTrino, type FakeTrino } from '../../fakes/fake-trino.ts';
import { startRole, type RunningRole } from '../roles/setup.ts';
import { linesOf, runsOf, send, type Page } from './setup.ts';

const lifetimeMs = 24 * 60 * 60_000;
const nowMs = Date.now();
const ours = issueCa({ commonName: 'our authority', nowMs, lifetimeMs });
const others = issueCa({ commonName: 'another authority', nowMs, lifetimeMs });

function aCertificate(hosts: readonly string[], issuer = ours): IssuedCertificate {
  return issueServerCertificate({ commonName: 'trino', hosts, issuer, nowMs, lifetimeMs });
}

const portOf = (url: string): number => Number(new URL(url).port);

interface TlsEnd {
  readonly port: number;
  connections: number;
  bytes: number;
}

async function endTlsBefore(t: TestContext, trino: FakeTrino, { certificate: cert, key }: IssuedCertificate): Promise<TlsEnd> {
  const sockets = new Set<Socket>();
  const server = createServer({ cert, key }, (socket) => {
    end.connections += 1;
    const onward = connect(portOf(trino.url), '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    socket.on('data', (chunk: Buffer) => (end.bytes += chunk.length));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const end: TlsEnd = { port: (server.address() as AddressInfo).port, connections: 0, bytes: 0 };
  return end;
}

interface Stand {
  readonly gateway: string;
  readonly trino: FakeTrino;
  readonly end: TlsEnd;
  readonly role: RunningRole;
  trust(authority: IssuedCertificate): void;
  /** Why no statement is sent to it. */
  ejectedFor(): Promise<string>;
}

interface Wanted {
  readonly certificate?: IssuedCertificate;
  readonly trusted?: IssuedCertificate;
  readonly host?: string;
  /** Default: the end of TLS. */
  readonly urlOf?: (trino: FakeTrino) => string;
}

async function aStand(
  t: TestContext,
  { certificate = aCertificate(['localhost']), trusted = ours, host = 'localhost', urlOf }: Wanted = {},
): Promise<Stand> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-coordinators-'));
  const trino = await createFakeTrino();
  const end = await endTlsBefore(t, trino, certificate);
  const coordinatorUrl = urlOf?.(trino) ?? `https://${host}:${end.port}`;
  const [routes, caFile] = [join(directory, 'routes'), join(directory, 'ca')];
  writeFileSync(routes, JSON.stringify([{ namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl, isDefault: true }]));
  const trust = ({ certificate: ca }: IssuedCertificate): void => writeFileSync(caFile, ca);
  trust(trusted);
  const role = startRole(['gateway', '--routes', routes, '--coordinator-ca', caFile, '--listen', '127.0.0.1:0', '--log-format', 'text']);
  t.after(async () => {
    await role.stop();
    await trino.stop();
    rmSync(directory, { recursive: true });
  });
  const [, health = ''] = await role.notes(/health and metrics are served url=(http:\S+)/);
  const [, gateway = ''] = await role.says(/^gateway ready: (\S+)\n$/);
  const ejectedFor = async (): Promise<string> => {
    await role.notes(/a coordinator does not answer/);
    const { runtimes } = (await (await fetch(`${health}/status`)).json()) as {
      readonly runtimes: readonly { readonly ejected?: { readonly why: string } }[];
    };
    return runtimes[0]?.ejected?.why ?? '';
  };
  return { gateway, trino, end, role, trust, ejectedFor };
}

async function post(gateway: string): Promise<Page> {
  return (await send(portOf(gateway), 'POST', '/v1/statement', { headers: ['X-Trino-User', 'ann'], body: 'SELECT 1' })).page;
}

async function nextOf({ nextUri = '' }: Page): Promise<Page> {
  return (await send(portOf(nextUri), 'GET', new URL(nextUri).pathname)).page;
}

/** A statement that cannot get on; its client leaves when the returned function is called. */
function begin(gateway: string): () => void {
  const outgoing = request(`${gateway}/v1/statement`, { method: 'POST', headers: { 'X-Trino-User': 'ann' }, agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end('SELECT 1');
  return () => outgoing.destroy();
}

async function rowsOf(gateway: string): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (let page = await post(gateway); ; page = await nextOf(page)) {
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return rows;
  }
}

async function aBigPage({ gateway, trino }: Stand, bytes: number): Promise<IncomingMessage> {
  // The gateway's own statements, by which it proves the coordinator, are done by then.
  await rowsOf(gateway);
  trino.script = { queuedPolls: 1, pages: [{ bytes }] };
  const { nextUri = '' } = await nextOf(await post(gateway));
  const [response] = (await once(get(nextUri, { agent: false }), 'response')) as [IncomingMessage];
  return response;
}

describe('a coordinator that is reached by https', () => {
  it('gets statements over few connections that are kept, by the host name of its address', async (t) => {
    const stand = await aStand(t);
    for (let statement = 0; statement < 5; statement += 1) assert.deepEqual(await rowsOf(stand.gateway), [[1]]);
    assert.ok(stand.trino.calls.length > 15, 'each has several requests');
    assert.ok(stand.end.connections <= 3, `${stand.end.connections} connections`);
    const hosts = new Set(stand.trino.calls.flatMap(({ rawHeaders }) => linesOf(rawHeaders, 'host')));
    assert.deepEqual(hosts, new Set([`Host: localhost:${stand.end.port}`]));
  });

  it('may have an address without a host name', async (t) => {
    const { gateway } = await aStand(t, { certificate: aCertificate(['127.0.0.1']), host: '127.0.0.1' });
    assert.deepEqual(await rowsOf(gateway), [[1]]);
  });

  it('streams a large page, every byte in its place, and waits while the client reads nothing', async (t) => {
    const stand = await aStand(t);
    const response = await aBigPage(stand, 64 * 1024 * 1024);
    // Real time: kernel buffers fill on their own.
    for (let before = -1; before !== stand.trino.streamedBytes;) {
      before = stand.trino.streamedBytes;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(stand.trino.streamedBytes < 32 * 1024 * 1024, `${stand.trino.streamedBytes} bytes were taken without a reader`);
    assert.deepEqual(await runsOf(response), new Set([bigRun]));
  });
});

describe('a coordinator whose certificate is not accepted', () => {
  it('is sent no byte of a statement, says why in /status, and gets it when its authority is added', async (t) => {
    const { gateway, trino, end, trust, ejectedFor } = await aStand(t, { trusted: others });
    const rows = rowsOf(gateway);
    assert.match(await ejectedFor(), /its certificate is not accepted: .*Give its authority with --coordinator-ca FILE/);
    assert.deepEqual([end.bytes, trino.calls.length], [0, 0]);
    trust(ours);
    assert.deepEqual(await rows, [[1]]);
  });

  it('because it is for another host, says so', async (t) => {
    const { gateway, end, ejectedFor } = await aStand(t, { certificate: aCertificate(['trino.example.com']) });
    const leave = begin(gateway);
    assert.match(await ejectedFor(), /Host: localhost\. is not in the cert's altnames: DNS:trino\.example\.com/);
    assert.equal(end.bytes, 0);
    leave();
  });

  it('since its authority was taken out gets nothing more, on connections of before neither', async (t) => {
    const { gateway, end, role, trust, ejectedFor } = await aStand(t);
    assert.deepEqual(await rowsOf(gateway), [[1]]);
    const before = end.bytes;
    trust(others);
    await role.notes(/the authorities of coordinators were replaced/);
    const leave = begin(gateway);
    await ejectedFor();
    assert.equal(end.bytes, before);
    leave();
  });
});

it('an address with https that speaks plain HTTP is found out, and called so', async (t) => {
  const { gateway, ejectedFor } = await aStand(t, { urlOf: ({ url }) => url.replace('http://127.0.0.1', 'https://localhost') });
  const leave = begin(gateway);
  assert.match(await ejectedFor(), /it does not speak TLS there: its address may have to begin with http:\/\//);
  leave();
});

it('authorities that cannot be read end the gateway at its start, with the file', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-coordinators-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'ca');
  writeFileSync(file, 'no certificate');
  const role = startRole(['gateway', '--routes', join(directory, 'routes'), '--listen', '127.0.0.1:0', '--coordinator-ca', file]);
  await role.notes(new RegExp(`${file} is not usable: there is no certificate in ${file}`));
  assert.equal(await role.ended, 1);
});

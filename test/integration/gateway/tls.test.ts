// Clients that come with https: the gateway as its own process would run, its certificate from files that are replaced under it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { issueCa, issueServerCertificate, type IssuedCertificate } from '#certificates/issue.ts';
import { createFakeTrino, type FakeTrino } from '../../fakes/fake-trino.ts';
import { startRole, type RunningRole } from '../roles/setup.ts';

const lifetimeMs = 24 * 60 * 60_000;
const ca = issueCa({ commonName: 'test authority', nowMs: Date.now(), lifetimeMs });

function aPair(name: string): IssuedCertificate {
  return issueServerCertificate({ commonName: name, hosts: ['localhost', '127.0.0.1'], issuer: ca, nowMs: Date.now(), lifetimeMs });
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly commonName: string;
}

function ask(
  uri: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string; readonly agent?: Agent } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body = '', agent = new Agent({ keepAlive: false, maxCachedSessions: 0 }) } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      uri.replace('localhost', '127.0.0.1'),
      { method, headers, agent, ca: ca.certificate, servername: 'localhost' },
      (response) => {
        // A resumed session does not show the certificate again.
        const { subject = { CN: '' } } = (response.socket as TLSSocket).getPeerCertificate() as Partial<PeerCertificate>;
        const commonName = String(subject.CN);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), commonName }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

interface Served {
  readonly url: string;
  readonly trino: FakeTrino;
  readonly role: RunningRole;
  readonly directory: string;
  write(pair: Partial<IssuedCertificate>): void;
}

async function aSecureGateway(t: TestContext): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-tls-'));
  const files = { routes: join(directory, 'routes.json'), cert: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  const write = ({ certificate, key }: Partial<IssuedCertificate>): void => {
    if (certificate !== undefined) writeFileSync(files.cert, certificate);
    if (key !== undefined) writeFileSync(files.key, key);
  };
  write(aPair('first'));
  const trino = await createFakeTrino();
  writeFileSync(
    files.routes,
    JSON.stringify([{ namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl: trino.url, isDefault: true }]),
  );
  const more = ['--listen', '127.0.0.1:0', '--log-format', 'text'];
  const role = startRole(['gateway', '--routes', files.routes, '--tls-cert', files.cert, '--tls-key', files.key, ...more]);
  t.after(async () => {
    await role.stop();
    await trino.stop();
    rmSync(directory, { recursive: true });
  });
  const [, url = ''] = await role.says(/^gateway ready: (https:\S+)\n$/);
  return { url, trino, role, directory, write };
}

interface Page {
  readonly nextUri?: string;
  readonly infoUri: string;
}

const pageOf = ({ body }: Answer): Page => JSON.parse(body.toString()) as Page;

/** Every answer to one query; pages may come compressed. */
async function run(url: string, agent = new Agent({ keepAlive: false, maxCachedSessions: 0 })): Promise<readonly Answer[]> {
  const headers = { 'X-Trino-User': 'ann' };
  const answers = [await ask(`${url}/v1/statement`, { method: 'POST', headers, body: 'SELECT 1', agent })];
  for (;;) {
    const { body } = answers.at(-1) as Answer;
    const isGzip = body[0] === 0x1f;
    if (body.length > 1_000_000 || isGzip) return answers;
    const { nextUri } = JSON.parse(body.toString()) as Page;
    if (nextUri === undefined) return answers;
    answers.push(await ask(nextUri, { agent, headers: { 'Accept-Encoding': 'gzip' } }));
  }
}

describe('with a certificate the gateway', () => {
  it('serves a query over https, and says so to the coordinator, so that every address on its pages is https', async (t) => {
    const { url, trino } = await aSecureGateway(t);
    const seen = (await run(url)).map(pageOf);
    assert.ok(seen.length > 1);
    for (const { nextUri = 'https:', infoUri } of seen)
      assert.deepEqual([new URL(infoUri).origin.startsWith('https:'), nextUri.startsWith('https:')], [true, true]);
    const { rawHeaders = [] } = trino.calls.find(({ method, rawHeaders: lines }) => method === 'POST' && lines.includes('ann')) ?? {};
    assert.equal(rawHeaders[rawHeaders.indexOf('X-Forwarded-Proto') + 1], 'https');
  });

  it('streams a page of 20 MB whole, compressed or not, to a client that keeps its connection', async (t) => {
    const { url, trino } = await aSecureGateway(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    // The gateway has proven the coordinator by then.
    await run(url);
    for (const isGzip of [false, true]) {
      trino.script = { queuedPolls: 0, pages: isGzip ? [{ rows: ['x'.repeat(1_000_000)], isGzip }] : [{ bytes: 20_000_000 }] };
      const bodies = (await run(url, agent)).map(({ body }) => body);
      const body = bodies.reduce((largest, one) => (one.length > largest.length ? one : largest));
      const text = isGzip ? gunzipSync(body).toString() : body.toString();
      assert.ok(text.length >= 1_000_000 && text.endsWith('}'), `${text.length} bytes, ends with ${text.slice(-20)}`);
    }
  });

  it('takes a new certificate for new connections, and keeps the last good one while the files are no pair', async (t) => {
    const { url, role, write } = await aSecureGateway(t);
    const commonName = async (): Promise<string> => (await ask(`${url}/healthz`)).commonName;
    assert.equal(await commonName(), 'first');
    const second = aPair('second');
    write({ key: second.key });
    await role.notes(/the certificate, its key or the authorities cannot be used; the last good ones stay in force/);
    assert.equal(await commonName(), 'first');
    write(second);
    await role.notes(/the certificate was replaced/);
    assert.equal(await commonName(), 'second');
  });

  it('answers nobody who comes without TLS, and goes on', async (t) => {
    const { url } = await aSecureGateway(t);
    await assert.rejects(fetch(url.replace('https:', 'http:')));
    assert.equal((await ask(`${url}/healthz`)).status, 200);
  });
});

describe('without a usable certificate the gateway', () => {
  it('does not start, and says which file is wrong and what it takes', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-tls-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'routes.json');
    writeFileSync(file, '[]');
    for (const [more, why] of [
      [['--tls-cert', file], /there is a certificate without its key/],
      [['--tls-cert', file, '--tls-key', file], /routes\.json are not usable: .*/],
    ] as const) {
      const role = startRole(['gateway', '--routes', file, '--listen', '127.0.0.1:0', ...more]);
      await role.notes(why);
      await role.notes(/Give both, in PEM/);
      assert.equal(await role.ended, 1);
    }
  });
});

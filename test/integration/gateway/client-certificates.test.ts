// Clients that show a certificate: the gateway as its own process would run, its authorities in a file that is replaced under it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { issueCa, issueClientCertificate, issueServerCertificate, type ClientIssue, type IssuedCertificate } from '#certificates/issue.ts';
import { createFakeTrino, type FakeTrino } from '../../fakes/fake-trino.ts';
import { startRole, type RunningRole } from '../roles/setup.ts';
import { annsKey } from './admit.ts';
import { linesOf } from './setup.ts';

const lifetimeMs = 24 * 60 * 60_000;
const nowMs = Date.now();
const ours = issueCa({ commonName: 'our authority', nowMs, lifetimeMs });
const others = issueCa({ commonName: 'another authority', nowMs, lifetimeMs });
const server = issueServerCertificate({ commonName: 'gateway', hosts: ['localhost'], issuer: ours, nowMs, lifetimeMs });

function aClient(commonName: string, more: Partial<ClientIssue> = {}): IssuedCertificate {
  return issueClientCertificate({ commonName, issuer: ours, nowMs, lifetimeMs, ...more });
}

const ann = aClient('ann', { names: { uri: 'spiffe://example/ns/team/sa/etl', email: 'ann@example.com', dns: 'etl.example.com' } });

interface Served {
  readonly port: number;
  readonly trino: FakeTrino;
  readonly role: RunningRole;
  readonly caFile: string;
}

async function aGateway(t: TestContext, ...more: readonly string[]): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-clients-'));
  const trino = await createFakeTrino();
  const at = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const routes = at(
    'routes',
    JSON.stringify([{ namespace: 'a', name: 'a', state: 'RUNNING', coordinatorUrl: trino.url, isDefault: true }]),
  );
  const caFile = at('ca', ours.certificate);
  const tls = ['--tls-cert', at('cert', server.certificate), '--tls-key', at('key', server.key), '--client-ca', caFile];
  const role = startRole(['gateway', '--routes', routes, ...tls, '--listen', '127.0.0.1:0', '--log-format', 'text', ...more]);
  t.after(async () => {
    await role.stop();
    await trino.stop();
    rmSync(directory, { recursive: true });
  });
  const [, port] = await role.says(/^gateway ready: https:\S+:(\d+)\n$/);
  return { port: Number(port), trino, role, caFile };
}

function tlsOf(client: IssuedCertificate | undefined): {
  readonly ca: string;
  readonly servername: string;
  readonly cert?: string;
  readonly key?: string;
} {
  const own = client === undefined ? {} : { cert: client.certificate, key: client.key };
  return { ca: ours.certificate, servername: 'localhost', ...own };
}

interface Ask {
  readonly client?: IssuedCertificate;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly agent?: Agent;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(port: number, { client, headers = {}, path = '/v1/statement', agent = new Agent() }: Ask): Promise<Answer> {
  const method = path === '/v1/statement' ? 'POST' : 'GET';
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent, ...tlsOf(client) }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(method === 'POST' ? 'SELECT 1' : undefined);
  });
}

/** The last page of a statement. */
async function run(port: number, ask: Ask): Promise<string> {
  let answer = await post(port, ask);
  for (;;) {
    const { nextUri } = JSON.parse(answer.text) as { readonly nextUri?: string };
    if (nextUri === undefined) return answer.text;
    answer = await post(port, { ...ask, path: new URL(nextUri).pathname });
  }
}

const usersOf = (trino: FakeTrino): readonly string[] =>
  trino.calls
    .filter(({ method, rawHeaders }) => method === 'POST' && linesOf(rawHeaders, 'x-trino-source').length === 0)
    .flatMap(({ rawHeaders }) => linesOf(rawHeaders, 'x-trino-user'));

describe('a client with a certificate of the authority', () => {
  it('is the user of its statements, and no other one', async (t) => {
    const { port, trino } = await aGateway(t);
    assert.match(await run(port, { client: ann }), /"data":\[\[1\]\]/);
    assert.equal(usersOf(trino).at(-1), 'X-Trino-User: ann');
    assert.match(await run(port, { client: ann, headers: { 'X-Trino-User': 'eve' } }), /User ann cannot impersonate user eve/);
  });

  for (const [kind, name] of [
    ['uri', 'spiffe://example/ns/team/sa/etl'],
    ['email', 'ann@example.com'],
    ['dns', 'etl.example.com'],
  ] as const) {
    it(`is called by its ${kind} where that is wished`, async (t) => {
      const { port, trino } = await aGateway(t, '--client-cert-user', kind);
      await run(port, { client: ann });
      assert.equal(usersOf(trino).at(-1), `X-Trino-User: ${name}`);
    });
  }

  it('and with an API key beside it is the owner of the key', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-keys-'));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'keys'), `superset: "${annsKey}"\n`);
    const { port, trino } = await aGateway(t, '--api-keys-file', join(directory, 'keys'));
    await run(port, { client: ann, headers: { 'X-API-Key': annsKey } });
    assert.equal(usersOf(trino).at(-1), 'X-Trino-User: superset');
    assert.equal((await post(port, { client: ann, headers: { 'X-API-Key': 'another-key-0123456789' } })).status, 401);
    await run(port, { client: ann });
    assert.equal(usersOf(trino).at(-1), 'X-Trino-User: ann');
  });
});

describe('a client without a good certificate', () => {
  const bad: readonly (readonly [what: string, client: IssuedCertificate | undefined, why: RegExp])[] = [
    ['none at all', undefined, /^this gateway wants credentials: a client certificate\.\n$/],
    ['one of another authority', aClient('ann', { issuer: others }), /not good here: UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
    ['one that has expired', aClient('ann', { lifetimeMs: -60_000 }), /not good here: CERT_HAS_EXPIRED/],
    ['one of a server', server, /not good here: INVALID_PURPOSE/],
    ['one without a name', aClient(''), /has no usable common name/],
  ];

  it('is told what is wrong with it, and starts nothing', async (t) => {
    const { port, trino } = await aGateway(t);
    for (const [what, client, why] of bad) {
      const answer = await post(port, { ...(client === undefined ? {} : { client }), headers: { 'X-Trino-User': 'ann' } });
      assert.equal(answer.status, 401, what);
      assert.match(answer.text, why, what);
    }
    assert.deepEqual(usersOf(trino), []);
  });

  it('is not let past the handshake where one is required', async (t) => {
    const { port } = await aGateway(t, '--client-cert', 'required');
    for (const [what, client] of bad.slice(0, 4))
      await assert.rejects(post(port, { ...(client === undefined ? {} : { client }), path: '/healthz' }), what);
    assert.equal((await post(port, { client: ann, path: '/healthz' })).status, 200);
  });

  it('is explained in the log where one is required', async (t) => {
    const { port, role } = await aGateway(t, '--client-cert', 'required');
    await assert.rejects(post(port, {}));
    await role.notes(/a TLS handshake failed.*it shows no certificate, and none gets in without.*127\.0\.0\.1/);
    await assert.rejects(post(port, { client: aClient('eve', { issuer: others }) }));
    await role.notes(/a TLS handshake failed.*its certificate is not accepted: UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  });

  it('cannot pretend to have several names by one in quotes', async (t) => {
    const { port } = await aGateway(t, '--client-cert-user', 'dns');
    const { status, text } = await post(port, { client: aClient('x', { names: { dns: 'x, DNS:root' } }) });
    assert.deepEqual([status, text], [401, 'the client certificate has no usable DNS name in its subjectAltName.\n']);
  });
});

describe('the authorities', () => {
  it('that are replaced count at once: whoever came with a former one has to come again', async (t) => {
    const { port, role, caFile } = await aGateway(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    assert.equal((await post(port, { client: ann, agent })).status, 200);
    writeFileSync(caFile, 'no certificate');
    await role.notes(/the last good ones stay in force/);
    assert.equal((await post(port, { client: ann, agent })).status, 200);
    writeFileSync(caFile, others.certificate);
    await role.notes(/the authorities of client certificates were replaced/);
    const answer = await post(port, { client: ann });
    assert.equal(answer.status, 401);
    assert.match(answer.text, /not good here: SELF_SIGNED_CERT_IN_CHAIN/);
    assert.equal((await post(port, { client: aClient('bob', { issuer: others }) })).status, 200);
    assert.equal((await post(port, { client: ann, agent })).status, 401);
  });

  it('are asked at every handshake: no session is resumed, none renegotiated', async (t) => {
    const { port } = await aGateway(t);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const open = async (session?: Buffer): Promise<TLSSocket> => {
        const socket = connect({ host: '127.0.0.1', port, maxVersion, ...tlsOf(ann), ...(session === undefined ? {} : { session }) });
        await once(socket, 'secureConnect');
        socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
        await once(socket, 'data');
        return socket;
      };
      const first = await open();
      const again = await open(first.getSession());
      assert.equal(again.isSessionReused(), false);
      if (maxVersion === 'TLSv1.2') {
        again.renegotiate({}, () => undefined);
        const [refusal] = (await once(again, 'error')) as [NodeJS.ErrnoException];
        assert.equal(refusal.code, 'ERR_SSL_NO_RENEGOTIATION');
      }
      first.destroy();
      again.destroy();
    }
  });

  it('need TLS that ends here, and a file with a certificate', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-clients-'));
    t.after(() => rmSync(directory, { recursive: true }));
    for (const [name, text] of [
      ['ca', ''],
      ['cert', server.certificate],
      ['key', server.key],
    ] as const)
      writeFileSync(join(directory, name), text);
    const flags = ['gateway', '--routes', join(directory, 'r'), '--listen', '127.0.0.1:0', '--client-ca', join(directory, 'ca')];
    const plain = startRole(flags);
    await plain.notes(/--client-ca needs --tls-cert and --tls-key/);
    assert.equal(await plain.ended, 2);
    const role = startRole([...flags, '--tls-cert', join(directory, 'cert'), '--tls-key', join(directory, 'key')]);
    await role.notes(/ca are not usable: there is no certificate in .*ca/);
    assert.equal(await role.ended, 1);
  });
});

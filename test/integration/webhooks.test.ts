// The webhooks as an API server meets them: reviews over TLS, with certificates that change while connections are open.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createJudge } from '#admission/review.ts';
import type { MayReadSecret } from '#admission/secret-access.ts';
import { createWebhookServer, type WebhookServer } from '#admission/webhook-server.ts';
import { issueCa, issueServerCertificate, type IssuedCertificate } from '#certificates/issue.ts';
import { silentLog } from '#observe/log.ts';

const hourMs = 60 * 60_000;
const runtimePath = '/validate-analytics-xtrinode-io-v1-xtrinode';
const catalogPath = '/validate-analytics-xtrinode-io-v1-xtrinodecatalog';
const ca = issueCa({ commonName: 'test-ca', nowMs: Date.now(), lifetimeMs: hourMs });

function aCertificate(): IssuedCertificate {
  return issueServerCertificate({ commonName: 'test', hosts: ['127.0.0.1'], nowMs: Date.now(), lifetimeMs: hourMs, issuer: ca });
}

/** Everybody may read every Secret but `crown-jewels`, and nobody can tell of `unknown`. */
const mayReadSecret: MayReadSecret = (_user, _namespace, secret) =>
  secret === 'unknown'
    ? Promise.reject(new Error('no answer'))
    : Promise.resolve({ isAllowed: secret !== 'crown-jewels', reason: 'RBAC: not for you' });
const judge = createJudge(mayReadSecret);

async function aServer(t: TestContext, init: { readonly requestTimeoutMs?: number } = {}) {
  const server = createWebhookServer({ judge, log: silentLog, ...init });
  const port = await server.listen('127.0.0.1', 0);
  server.serve(aCertificate());
  t.after(() => server.stop());
  return { server, port };
}

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error?: string;
    readonly response?: {
      readonly uid: string;
      readonly allowed: boolean;
      readonly warnings?: readonly string[];
      readonly status?: Refusal;
    };
  };
}

interface Refusal {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: { readonly causes: readonly { readonly field: string; readonly message: string }[] };
}

async function send(port: number, body: string, options: RequestOptions = {}): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port,
    ca: ca.certificate,
    method: 'POST',
    path: runtimePath,
    headers: { 'content-type': 'application/json' },
    ...options,
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { readonly statusCode: number }];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) as Answer['body'] };
}

const api = { group: 'analytics.xtrinode.io', version: 'v1' };

function aReview(kind: string, object: object, part: object = {}): string {
  const meta = { apiVersion: `${api.group}/${api.version}`, kind, metadata: { name: 'sales', namespace: 'team' } };
  const review = {
    uid: randomUUID(),
    kind: { ...api, kind },
    operation: 'CREATE',
    name: 'sales',
    namespace: 'team',
    object: { ...meta, ...object },
    dryRun: false,
    ...part,
  };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: review });
}

const goodSpec = { size: 'xs', version: '483', minWorkers: 0, suspended: false, autoSuspendAfter: '5m', wakePatience: '10m' };

test('what is right is allowed, and fields without effect are warned of', async (t) => {
  const { port } = await aServer(t);
  const { status, body } = await send(port, aReview('XTrinode', { spec: { ...goodSpec, keda: { enabled: true } } }, { uid: 'the-uid' }));
  assert.equal(status, 200);
  assert.equal(body.response?.uid, 'the-uid');
  assert.equal(body.response.allowed, true);
  assert.deepEqual(body.response.warnings, ['kept, but without effect in this release: spec.keda']);
});

test('a property that would inject another one is refused with its field, by creation, change and dry run alike', async (t) => {
  const { port } = await aServer(t);
  const spec = { connector: { tpch: { properties: { 'tpch.splits-per-node': '4\nconnector.name=jmx' } } } };
  const before = { spec: { connector: { tpch: {} } }, metadata: {} };
  for (const part of [{}, { dryRun: true }, { operation: 'UPDATE', oldObject: before }]) {
    const { body } = await send(port, aReview('XTrinodeCatalog', { spec }, part), { path: catalogPath });
    assert.equal(body.response?.allowed, false);
    const refusal = body.response.status;
    assert.deepEqual([refusal?.code, refusal?.reason], [422, 'Invalid']);
    assert.match(refusal?.message ?? '', /^XTrinodeCatalog\.analytics\.xtrinode\.io "sales" is invalid: spec\.connector\.tpch/);
    assert.equal(refusal?.details?.causes[0]?.field, 'spec.connector.tpch.properties[tpch.splits-per-node]');
    assert.match(refusal.details.causes[0].message, /must be a single line/);
  }
});

test('what is settled is let through, however wrong: labels, deletion, objects that are going away', async (t) => {
  const { port } = await aServer(t);
  const bad = { spec: { connector: {} } };
  const going = { metadata: { name: 'sales', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const settled = [
    aReview('XTrinodeCatalog', bad, { operation: 'UPDATE', oldObject: { ...bad, metadata: {} } }),
    aReview('XTrinodeCatalog', bad, { operation: 'DELETE', object: null, oldObject: { ...bad, metadata: {} } }),
    aReview('XTrinodeCatalog', { ...bad, ...going }, { operation: 'UPDATE', oldObject: { metadata: {}, spec: {} } }),
  ];
  for (const review of settled) {
    const { body } = await send(port, review, { path: catalogPath });
    assert.equal(body.response?.allowed, true, review);
  }
});

test('who names a Secret must be allowed to read it, asked of references that are new', async (t) => {
  const { port } = await aServer(t);
  const naming = (name: string, labels = {}) => ({
    spec: { connector: { tpch: { propertySecretRefs: { a: { name, key: 'k' } } } }, labels },
  });
  const judged = async (review: string) => (await send(port, review, { path: catalogPath })).body.response;
  const user = { userInfo: { username: 'jane' } };
  assert.equal((await judged(aReview('XTrinodeCatalog', naming('mine'), user)))?.allowed, true);
  const refused = await judged(aReview('XTrinodeCatalog', naming('crown-jewels'), user));
  assert.deepEqual([refused?.allowed, refused?.status?.code, refused?.status?.reason], [false, 403, 'Forbidden']);
  assert.match(
    refused?.status?.message ?? '',
    /propertySecretRefs\[a\]: user "jane" may not read Secret team\/crown-jewels.*RBAC: not for you.*grant "get" on secrets "crown-jewels" in namespace team/,
  );
  const relabelled = { operation: 'UPDATE', oldObject: { ...naming('crown-jewels'), metadata: {} }, ...user };
  assert.equal((await judged(aReview('XTrinodeCatalog', naming('crown-jewels', { team: 'a' }), relabelled)))?.allowed, true);
  const unanswered = await judged(aReview('XTrinodeCatalog', naming('unknown'), user));
  assert.deepEqual([unanswered?.allowed, unanswered?.status?.code], [false, 503], 'what cannot be asked is refused');
});

test('what is not ours to judge is refused, and says how to mend the configuration', async (t) => {
  const { port } = await aServer(t);
  const { body } = await send(port, aReview('XTrinode', {}, { kind: { group: '', version: 'v1', kind: 'Pod' } }));
  assert.equal(body.response?.allowed, false);
  assert.match(body.response.status?.message ?? '', /not Pod of v1: take that kind out of the ValidatingWebhookConfiguration/);
});

test('what is no review is refused: too large, no JSON, another path, another method', async (t) => {
  const { port } = await aServer(t);
  const large = await send(port, `"${'x'.repeat(9 * 1024 * 1024)}"`);
  assert.deepEqual([large.status, large.body.error], [413, 'the review is larger than 8388608 bytes']);
  assert.equal((await send(port, '{')).status, 400);
  assert.match((await send(port, '{"kind":"Pod"}')).body.error ?? '', /not an AdmissionReview of admission\.k8s\.io\/v1/);
  assert.match((await send(port, '{}', { path: '/mutate' })).body.error ?? '', /there is no webhook at \/mutate/);
  assert.equal((await send(port, '', { method: 'GET' })).status, 405);
  assert.equal((await send(port, '', { headers: { 'content-type': 'text/plain' } })).status, 415);
});

test('a request that never ends is ended', async (t) => {
  const { port } = await aServer(t, { requestTimeoutMs: 50 });
  const socket = connect({ host: '127.0.0.1', port, ca: ca.certificate });
  await once(socket, 'secureConnect');
  socket.write(`POST ${runtimePath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 408 /);
});

async function serialOf(port: number): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: ca.certificate });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('a new certificate is for new connections; those that are open go on', async (t) => {
  const { server, port } = await aServer(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.certificate });
  t.after(() => agent.destroy());
  const before = await serialOf(port);
  const review = aReview('XTrinode', { spec: goodSpec });
  await send(port, review, { agent });
  const [socket] = Object.values(agent.freeSockets).flat();
  server.serve(aCertificate());
  assert.notEqual(await serialOf(port), before);
  assert.equal((await send(port, review, { agent })).body.response?.allowed, true);
  assert.equal(Object.values(agent.freeSockets).flat()[0], socket, 'the connection was not closed');
});

test('at its end the server gives the answers that are under way', async () => {
  const server: WebhookServer = createWebhookServer({ judge, log: silentLog });
  const port = await server.listen('127.0.0.1', 0);
  server.serve(aCertificate());
  const agent = new Agent({ keepAlive: true, ca: ca.certificate });
  const body = aReview('XTrinode', { spec: goodSpec });
  const socket = connect({ host: '127.0.0.1', port, ca: ca.certificate });
  await once(socket, 'secureConnect');
  socket.write(`POST ${runtimePath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`);
  // Another request on another connection has been answered: the first one has been taken up by now.
  await send(port, body, { agent });
  const stopped = server.stop();
  socket.write(body);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /"allowed":true/);
  await stopped;
  agent.destroy();
});

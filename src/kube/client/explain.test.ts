// What a person reads when a call cannot be made, each over a real socket: the failures are those of Node, undici and
// OpenSSL, not our idea of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ensureCertificates } from '#embedded/certificates.ts';
import type { ServerCertificate } from '#embedded/certificates.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { json, startFakeApiServer, status } from '../../../test/fakes/fake-api-server.ts';
import type { Answer, FakeApiServer } from '../../../test/fakes/fake-api-server.ts';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import type { KubeError } from '../errors.ts';
import type { Resource } from '../port.ts';
import { configMaps } from '../resources.ts';
import { createHttpKubeApi } from './http-kube-api.ts';

const key = { namespace: 'team', name: 'a' };
const found = json(200, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, resourceVersion: '1' } });
const dayMs = 24 * 60 * 60_000;

function apiOf(t: TestContext, kubeconfigPath: string, env: Record<string, string> = {}, clock = systemClock) {
  const api = createHttpKubeApi({ kubeconfigPath, env, clock, log: silentLog, random: () => 0, isInteractive: false });
  t.after(() => api.close());
  return api;
}

/** What is said of a call that fails, always in one line. */
async function saidOf(call: Promise<unknown>): Promise<KubeError> {
  const error = await call.then(
    () => assert.fail('the call succeeded'),
    (failure: KubeError) => failure,
  );
  assert.equal(error.name, 'KubeError', String(error.stack));
  assert.ok(!error.message.includes('\n'), error.message);
  return error;
}

async function certificates(t: TestContext, nowMs = Date.now()): Promise<ServerCertificate & { readonly caFile: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'kube-tls-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return { ...(await ensureCertificates(directory, nowMs)), caFile: join(directory, 'ca.crt') };
}

async function aTlsServer(t: TestContext, nowMs = Date.now()) {
  const made = await certificates(t, nowMs);
  const server = await startFakeApiServer(t, { answers: [found], tls: { cert: made.certificate, key: made.key } });
  return { ...made, server, ca: { 'certificate-authority': made.caFile } };
}

async function answered(t: TestContext, answer: Answer, resource: Resource = configMaps, user: object = { token: 't' }) {
  const server = await startFakeApiServer(t, { answers: [answer] });
  return saidOf(apiOf(t, server.kubeconfig(user)).get(resource, key));
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('a server that is not there: its address, and which context led there', async (t) => {
  const { kubeconfig } = await startFakeApiServer(t);
  const path = kubeconfig({}, { server: `https://127.0.0.1:${await closedPort()}` });
  const refused = await saidOf(apiOf(t, path).list(configMaps, {}));
  assert.match(
    refused.message,
    /^Kubernetes API https:\/\/127\.0\.0\.1:\d+: nothing listens there \(ECONNREFUSED\)\. .*context "x" of .*config/,
  );
  assert.deepEqual([refused.code, refused.reason, refused.isTerminal], [0, 'Unreachable', false]);
  const nowhere = apiOf(t, kubeconfig({}, { server: 'https://api.cluster.invalid' }));
  assert.match((await saidOf(nowhere.list(configMaps, {}))).message, /no address is known for api\.cluster\.invalid \(E\w+\)/);
});

test('a connection that breaks in a write says that the outcome is not known', async (t) => {
  const server = await startFakeApiServer(t, { answers: [(response) => void response.destroy()] });
  const api = apiOf(t, server.kubeconfig({ token: 't' }));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key };
  const { message } = await saidOf(api.create(configMaps, object, { fieldManager: 'm' }));
  assert.match(message, /the connection broke off \(UND_ERR_SOCKET\); whether the change was made is not known$/);
});

test('an authority that did not sign the server: which one is trusted, by name and file', async (t) => {
  const { server } = await aTlsServer(t);
  const other = await certificates(t);
  const wrong = await saidOf(apiOf(t, server.kubeconfig({}, { 'certificate-authority': other.caFile })).get(configMaps, key));
  assert.deepEqual([wrong.code, wrong.reason], [0, 'Untrusted']);
  assert.match(wrong.message, /is not signed by CN=xtrinode-embedded-api-ca of .*ca\.crt \(until 20\d\d-.*\) \([A-Z_]+\)\. Is context "x"/);
  const none = await saidOf(apiOf(t, server.kubeconfig({})).get(configMaps, key));
  assert.match(none.message, /is not signed by an authority of this system/);
  const garbled = Buffer.from('no certificate').toString('base64');
  const unreadable = await saidOf(apiOf(t, server.kubeconfig({}, { 'certificate-authority-data': garbled })).get(configMaps, key));
  assert.match(unreadable.message, /certificate-authority-data, which holds no certificate/);
  assert.equal(server.seen.length, 0);
});

test('an expired certificate, and one for another name', async (t) => {
  const old = await aTlsServer(t, Date.now() - 400 * dayMs);
  const expired = await saidOf(apiOf(t, old.server.kubeconfig({}, old.ca)).get(configMaps, key));
  assert.match(expired.message, /has expired \(CERT_HAS_EXPIRED\); trusted is CN=.*Renew it/);
  const { server, ca } = await aTlsServer(t);
  const named = (name: string) => apiOf(t, server.kubeconfig({}, { ...ca, 'tls-server-name': name })).get(configMaps, key);
  assert.match((await saidOf(named('api.example.com'))).message, /is for another name .*api\.example\.com.*set tls-server-name$/);
  assert.equal((await named('kubernetes.default.svc'))?.metadata.name, 'a');
});

test('a server without TLS behind https', async (t) => {
  const plain = await startFakeApiServer(t, { answers: [found] });
  const api = apiOf(t, plain.kubeconfig({}, { server: plain.url.replace('http:', 'https:') }));
  assert.match((await saidOf(api.get(configMaps, key))).message, /does not speak TLS \(E\w+\)/);
});

test('without verification nobody is asked for a certificate', async (t) => {
  const { server } = await aTlsServer(t);
  assert.equal((await apiOf(t, server.kubeconfig({}, { 'insecure-skip-tls-verify': true })).get(configMaps, key))?.metadata.name, 'a');
});

const refused = json(401, status(401, 'Unauthorized', 'Unauthorized'));

test('refused credentials: whose, since when they are expired, and what to do', async (t) => {
  const claims = Buffer.from(JSON.stringify({ exp: Date.UTC(2026, 0, 1) / 1000 })).toString('base64url');
  const old = await answered(t, refused, configMaps, { token: `e30.${claims}.x` });
  assert.match(
    old.message,
    /does not accept the credentials of user "x" \(context "x" of .*\): the token expired at 2026-01-01T00:00:00\.000Z; log in again/,
  );
  const opaque = await answered(t, refused);
  assert.match(opaque.message, /: Unauthorized; log in again, or fetch the kubeconfig again$/);
  assert.deepEqual([old.code, old.reason], [401, 'Unauthorized']);
  const { certificate, key: privateKey } = await certificates(t, Date.now() - 400 * dayMs);
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const user = { 'client-certificate-data': data(certificate), 'client-key-data': data(privateKey) };
  assert.match((await answered(t, refused, configMaps, user)).message, /the client certificate expired at 20/);
});

test('what is not allowed: the rule that is missing and where it belongs', async (t) => {
  const inNamespace = `configmaps is forbidden: User "dev" cannot list resource "configmaps" in API group "" in the namespace "team"`;
  const one = await answered(t, json(403, status(403, 'Forbidden', inNamespace)));
  assert.equal(
    one.message,
    `${inNamespace}. It takes a Role in namespace "team" bound to that user, with apiGroups [""], resources ["configmaps"], verbs ["list"]`,
  );
  const everywhere = `leases.coordination.k8s.io is forbidden: User "dev" cannot watch resource "leases" in API group "coordination.k8s.io" at the cluster scope`;
  const two = await answered(t, json(403, status(403, 'Forbidden', everywhere)));
  assert.match(two.message, /a ClusterRole bound .* apiGroups \["coordination\.k8s\.io"\], resources \["leases"\], verbs \["watch"\]$/);
  const quota = await answered(t, json(403, status(403, 'Forbidden', 'pods "a" is forbidden: exceeded quota: small')));
  assert.equal(quota.message, 'pods "a" is forbidden: exceeded quota: small');
});

test('a resource that is not served: custom ones are to be installed, built-in ones mean another server', async (t) => {
  const widgets = { group: 'acme.io', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
  const unknown = json(404, status(404, 'NotFound', 'the server could not find the requested resource', {}));
  const custom = await answered(t, unknown, widgets);
  assert.match(
    custom.message,
    /does not serve widgets of acme\.io\/v1 \(.*\): is its custom resource definition installed, and is context "x"/,
  );
  assert.deepEqual([custom.code, custom.reason, custom.isTerminal], [404, 'NotFound', true]);
  const web = await answered(t, (response) => response.writeHead(404).end('<html>nothing here</html>'));
  assert.match(web.message, /does not serve configmaps of v1 .*nothing here.*is it a Kubernetes API of a recent version/);
});

/** A proxy that opens tunnels (CONNECT) and passes plain requests on; it tells what it was asked for. */
async function aProxy(t: TestContext, login?: string) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ metadata: key }));
  });
  proxy.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    sockets.add(client);
    if (login !== undefined && request.headers['proxy-authorization'] !== `Basic ${Buffer.from(login).toString('base64')}`) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const upstream = connectTcp(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    sockets.add(upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, asked };
}

function throughProxy(server: FakeApiServer, ca: object, url: string): string {
  return server.kubeconfig({ token: 't' }, { ...ca, 'proxy-url': url });
}

test('an https server is reached through a tunnel of the proxy, with its login, and verified all the same', async (t) => {
  const { server, ca } = await aTlsServer(t);
  const proxy = await aProxy(t, 'me:secret');
  const api = apiOf(t, throughProxy(server, ca, `http://me:secret@127.0.0.1:${proxy.port}`));
  assert.equal((await api.get(configMaps, key))?.metadata.name, 'a');
  assert.deepEqual(proxy.asked, [`CONNECT ${new URL(server.url).host}`]);
  const other = await certificates(t);
  const untrusted = apiOf(t, throughProxy(server, { 'certificate-authority': other.caFile }, `http://me:secret@127.0.0.1:${proxy.port}`));
  assert.equal((await saidOf(untrusted.get(configMaps, key))).reason, 'Untrusted');
});

test('a proxy that refuses or is not there is named', async (t) => {
  const { server, ca } = await aTlsServer(t);
  const proxy = await aProxy(t, 'me:secret');
  const stranger = apiOf(t, throughProxy(server, ca, `http://127.0.0.1:${proxy.port}`));
  assert.match(
    (await saidOf(stranger.get(configMaps, key))).message,
    /the proxy 127\.0\.0\.1:\d+ opened no tunnel: Proxy response \(407\)/,
  );
  const gone = apiOf(t, throughProxy(server, ca, `http://127.0.0.1:${await closedPort()}`));
  assert.match(
    (await saidOf(gone.get(configMaps, key))).message,
    /nothing listens there through the proxy 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
  );
});

test('an http server behind HTTP_PROXY is asked through it', async (t) => {
  const server = await startFakeApiServer(t);
  const proxy = await aProxy(t);
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` };
  const api = apiOf(t, server.kubeconfig({}, { server: 'http://api.cluster.example:8001' }), env);
  assert.equal((await api.get(configMaps, key))?.metadata.name, 'a');
  assert.deepEqual(proxy.asked, ['GET http://api.cluster.example:8001/api/v1/namespaces/team/configmaps/a']);
});

test('a watch that outlives its bound is a dead connection, whatever TCP believes', async (t) => {
  const opened = Promise.withResolvers<void>();
  const silent: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    opened.resolve();
  };
  const server = await startFakeApiServer(t, { answers: [silent] });
  const clock = createFakeClock();
  const watch = apiOf(t, server.kubeconfig({}), {}, clock).watch(configMaps, { resourceVersion: '7' })[Symbol.asyncIterator]();
  const next = saidOf(watch.next());
  await opened.promise;
  assert.equal(server.seen[0]?.url.searchParams.get('timeoutSeconds'), '300');
  clock.advance(330_000);
  assert.match((await next).message, /the watch of configmaps went silent$/);
});

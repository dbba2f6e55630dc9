import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Clock } from '#core/clock.ts';
import { ensureCertificates } from '#embedded/certificates.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { json, startFakeApiServer, status } from '../../../test/fakes/fake-api-server.ts';
import type { Answer, FakeApiServer } from '../../../test/fakes/fake-api-server.ts';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { configMaps } from '../resources.ts';
import { createHttpKubeApi } from './http-kube-api.ts';

const key = { namespace: 'team', name: 'a' };
const found = json(200, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, resourceVersion: '1' } });
const refused = json(401, status(401, 'Unauthorized', 'Unauthorized'));
/** Accepts one token only, as a server does. */
const onlyFor =
  (token: string): Answer =>
  (response, seen) =>
    (seen.headers.authorization === `Bearer ${token}` ? found : refused)(response, seen);

function connect(t: TestContext, kubeconfigPath: string, clock: Clock = systemClock, isInteractive = false) {
  const env = { PATH: process.env['PATH'] };
  const api = createHttpKubeApi({ kubeconfigPath, env, clock, log: silentLog, random: () => 0, isInteractive });
  t.after(() => api.close());
  return api;
}

/** A shell script that leaves a line in `runs` each time, and the user that logs in by it. */
function aPlugin(server: FakeApiServer, body: string, more: object = {}) {
  const command = join(mkdtempSync(join(server.directory, 'plugin-')), 'login');
  const runs = `${command}.runs`;
  writeFileSync(command, `#!/bin/sh\necho run >> ${runs}\n${body}\n`);
  chmodSync(command, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'IfAvailable', ...more };
  return { user: { exec }, runs: () => (existsSync(runs) ? readFileSync(runs, 'utf8').trim().split('\n').length : 0) };
}

const credential = (statusFields: object, apiVersion = 'client.authentication.k8s.io/v1'): string =>
  `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status: statusFields })}'`;

const tokens = (server: FakeApiServer): (string | undefined)[] => server.seen.map((one) => one.headers.authorization);

test('a token file is read again a minute later, and keeps its last content while it is being replaced', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const file = join(server.directory, 'token');
  writeFileSync(file, 'one\n');
  const clock = createFakeClock();
  const api = connect(t, server.kubeconfig({ tokenFile: file }), clock);
  await api.get(configMaps, key);
  writeFileSync(file, 'two\n');
  clock.advance(59_999);
  await api.get(configMaps, key);
  clock.advance(1);
  await api.get(configMaps, key);
  rmSync(file);
  clock.advance(60_000);
  await api.get(configMaps, key);
  assert.deepEqual(tokens(server), ['Bearer one', 'Bearer one', 'Bearer two', 'Bearer two']);
});

test('a refused token is looked up again at once; the same one again is not tried twice', async (t) => {
  const server = await startFakeApiServer(t, { answers: [onlyFor('two')] });
  const file = join(server.directory, 'token');
  writeFileSync(file, 'one');
  const api = connect(t, server.kubeconfig({ tokenFile: file }));
  await assert.rejects(api.get(configMaps, key), { code: 401, reason: 'Unauthorized', isTerminal: true });
  writeFileSync(file, 'two');
  assert.equal((await api.get(configMaps, key))?.metadata.name, 'a');
  assert.deepEqual(tokens(server), ['Bearer one', 'Bearer one', 'Bearer two']);
});

test('a credential plugin runs once for many calls, and again when its credential expires', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const clock = createFakeClock();
  const expires = new Date(clock.now() + 60_000).toISOString();
  const { user, runs } = aPlugin(
    server,
    `expires=$(cat ${server.directory}/expires)\n${credential({ token: '1', expirationTimestamp: 'E' })} | sed "s/E\\"/$expires\\"/"`,
  );
  writeFileSync(join(server.directory, 'expires'), expires);
  const api = connect(t, server.kubeconfig(user), clock);
  await Promise.all([api.get(configMaps, key), api.get(configMaps, key), api.list(configMaps, {})]);
  assert.equal(runs(), 1);
  writeFileSync(join(server.directory, 'expires'), new Date(clock.now() + 120_000).toISOString());
  clock.advance(60_000);
  await api.get(configMaps, key);
  assert.equal(runs(), 2);
});

test('a 401 runs the plugin once more and the call once more, never a third time', async (t) => {
  const server = await startFakeApiServer(t, { answers: [onlyFor('2')] });
  const counted = `n=$(wc -l < "$0.runs" | tr -d ' ')\n${credential({ token: 'N' })} | sed "s/N\\"/$n\\"/"`;
  const { user, runs } = aPlugin(server, counted);
  const api = connect(t, server.kubeconfig(user));
  await api.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key }, { fieldManager: 'm' });
  assert.deepEqual(tokens(server), ['Bearer 1', 'Bearer 2']);
  server.script(refused);
  await assert.rejects(api.get(configMaps, key), { code: 401 });
  assert.deepEqual([runs(), server.seen.length], [3, 4]);
});

test('a plugin gets its arguments and environment, and hears of the cluster when it asks', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const told = join(server.directory, 'told');
  const body = `printf '%s|%s|%s' "$*" "$PROFILE" "$KUBERNETES_EXEC_INFO" > ${told}\n${credential({ token: 't' }, 'client.authentication.k8s.io/v1beta1')}`;
  const { user } = aPlugin(server, body, {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    interactiveMode: undefined,
    args: ['get', 'token'],
    env: [{ name: 'PROFILE', value: 'dev' }],
    provideClusterInfo: true,
  });
  await connect(t, server.kubeconfig(user)).get(configMaps, key);
  const [args, profile, info] = readFileSync(told, 'utf8').split('|');
  assert.deepEqual([args, profile], ['get token', 'dev']);
  assert.deepEqual(JSON.parse(info ?? ''), {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    spec: { interactive: false, cluster: { server: server.url } },
  });
});

test('a plugin that yields nothing is one line that names it and says what to do', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const cases: [string, object, RegExp][] = [
    [
      'echo "SSO session expired," >&2; echo "run aws sso login" >&2; exit 3',
      {},
      /failed \(exit code 3\): SSO session expired, run aws sso login$/,
    ],
    ['', { command: 'no-such-plugin', installHint: 'Install it:\n  brew install it' }, /is not installed\. Install it: brew install it$/],
    ['echo secret-but-no-json', {}, /printed no JSON \(SyntaxError, 19 characters\)$/],
    ['echo "{}"', {}, /something else than an ExecCredential$/],
    [credential({}), {}, /neither a token nor a client certificate$/],
    [credential({ clientKeyData: 'x' }), {}, /only one of clientCertificateData and clientKeyData$/],
    [credential({ token: 't' }, 'client.authentication.k8s.io/v1beta1'), {}, /answered with .*v1beta1, but the kubeconfig says .*v1: make/],
    [credential({ token: 't', expirationTimestamp: '2020-01-01T00:00:00Z' }), {}, /expired at 2020-01-01T00:00:00.000Z: log in again$/],
    [credential({ token: 't' }), { interactiveMode: 'Always' }, /there is no terminal here: log in from a terminal first$/],
  ];
  for (const [body, more, message] of cases) {
    const { user } = aPlugin(server, body, more);
    await assert.rejects(connect(t, server.kubeconfig(user)).get(configMaps, key), (error: Error & { code?: number }) => {
      assert.match(error.message, /^the credential plugin ".*" of user "x" /);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n') && !error.message.includes('secret'), error.message);
      return error.code === 401;
    });
  }
  assert.equal(server.seen.length, 0);
});

test('a plugin that hangs is ended', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const clock = createFakeClock();
  const { user, runs } = aPlugin(server, 'exec sleep 1000');
  const call = connect(t, server.kubeconfig(user), clock).get(configMaps, key);
  const failed = assert.rejects(call, { code: 401, message: /printed nothing within 60 s and was ended/ });
  while (runs() === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_000);
  await failed;
});

test('impersonation and basic login go out as headers', async (t) => {
  const server = await startFakeApiServer(t, { answers: [found] });
  const user = { username: 'u', password: 'ä:b', as: 'jane', 'as-groups': ['dev', 'ops'], 'as-user-extra': { 'acme.io/reason': ['x'] } };
  await connect(t, server.kubeconfig(user)).get(configMaps, key);
  const { headers } = server.seen[0] ?? {};
  assert.equal(headers?.authorization, `Basic ${Buffer.from('u:ä:b').toString('base64')}`);
  assert.deepEqual([headers?.['impersonate-user'], headers?.['impersonate-group']], ['jane', 'dev, ops']);
  assert.equal(headers?.['impersonate-extra-acme.io%2freason'], 'x');
});

test('client certificates are read again when they rotate, on new connections; half a rotation changes nothing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-tls-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const now = Date.now();
  const own = await ensureCertificates(join(directory, 'server'), now);
  const [first, second] = [await ensureCertificates(join(directory, '1'), now), await ensureCertificates(join(directory, '2'), now)];
  const server = await startFakeApiServer(t, { answers: [found], tls: { cert: own.certificate, key: own.key } });
  const [certFile, keyFile] = [join(directory, 'client.crt'), join(directory, 'client.key')];
  writeFileSync(certFile, first.certificate);
  writeFileSync(keyFile, first.key);
  const clock = createFakeClock(now);
  const cluster = { 'certificate-authority': join(directory, 'server', 'ca.crt') };
  const api = connect(t, server.kubeconfig({ 'client-certificate': certFile, 'client-key': keyFile }, cluster), clock);
  await api.get(configMaps, key);
  writeFileSync(certFile, second.certificate);
  clock.advance(60_000);
  await api.get(configMaps, key);
  writeFileSync(keyFile, second.key);
  clock.advance(60_000);
  await api.get(configMaps, key);
  const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;
  assert.deepEqual(
    server.seen.map((one) => one.clientFingerprint),
    [first, first, second].map((one) => fingerprint(one.certificate)),
  );
});

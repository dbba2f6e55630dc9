import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readClusterAccess } from './kubeconfig.ts';
import type { KubeconfigQuery } from './kubeconfig.ts';
import { readServiceAccount } from './service-account.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
after(() => rmSync(directory, { recursive: true }));

function aFile(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const full = aFile(
  'full',
  `
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1, namespace: team}}
- {name: two, context: {cluster: c2, user: u2}}
- {name: plugin, context: {cluster: c1, user: plugin}}
- {name: gcp, context: {cluster: c1, user: gcp}}
- {name: half, context: {cluster: c1, user: half}}
- {name: bare, context: {cluster: c1, user: bare}}
- {name: old-plugin, context: {cluster: c1, user: old-plugin}}
- {name: lost, context: {cluster: absent, user: u1}}
- {name: both, context: {cluster: both}}
- {name: socks, context: {cluster: socks}}
- {name: robot, context: {cluster: c2, user: robot}}
- {name: headless, context: {cluster: c2, user: headless}}
clusters:
- {name: c1, cluster: {server: "https://one:6443/", certificate-authority-data: ${base64('CA')}, tls-server-name: kube,
   extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: a1}}]}}
- {name: c2, cluster: {server: "https://two", insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"}}
- {name: both, cluster: {server: "https://two", insecure-skip-tls-verify: true, certificate-authority: ca.pem}}
- {name: socks, cluster: {server: "https://two", proxy-url: "socks5://proxy:1080"}}
users:
- {name: u1, user: {client-certificate-data: ${base64('CERT')}, client-key: key.pem}}
- {name: u2, user: {token: abc}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [get, --fast], interactiveMode: Never,
   env: [{name: AWS_PROFILE, value: dev}], installHint: brew install login, provideClusterInfo: true}}}
- {name: bare, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login}}}
- {name: old-plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: login}}}
- {name: gcp, user: {auth-provider: {name: gcp}}}
- {name: half, user: {client-key: key.pem}}
- {name: robot, user: {tokenFile: token, as: jane, as-uid: "7", as-groups: [dev, ops], as-user-extra: {reason: [a, b]}}}
- {name: headless, user: {token: abc, as-groups: [dev]}}
`,
);
const read = (context: string): ReturnType<typeof readClusterAccess> => readClusterAccess({ kubeconfigPath: full, context, env: {} });

test('the current context gives server, authority, certificate and namespace; paths start from the file', () => {
  assert.deepEqual(readClusterAccess({ kubeconfigPath: full, env: {} }), {
    server: 'https://one:6443',
    ca: { pem: 'CA' },
    tlsServerName: 'kube',
    cert: { pem: 'CERT' },
    key: { file: join(directory, 'key.pem') },
    namespace: 'team',
    userDescribedAs: 'user "u1"',
    describedAs: `context "one" of ${full}`,
  });
});

test('another context can be named', () => {
  const access = read('two');
  assert.deepEqual([access.server, access.token, access.insecureSkipTlsVerify, access.namespace], ['https://two', 'abc', true, 'default']);
  assert.equal(access.proxy?.href, 'http://proxy:3128/');
});

test('a credential plugin is understood: its path, arguments, environment, and what it is told about the cluster', () => {
  assert.deepEqual(read('plugin').exec, {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: join(directory, 'bin/login'),
    args: ['get', '--fast'],
    env: { AWS_PROFILE: 'dev' },
    interactiveMode: 'Never',
    installHint: 'brew install login',
    cluster: {
      server: 'https://one:6443/',
      'tls-server-name': 'kube',
      'certificate-authority-data': base64('CA'),
      config: { audience: 'a1' },
    },
  });
});

test('a token file and impersonation', () => {
  const { tokenFile, impersonate } = read('robot');
  assert.equal(tokenFile, join(directory, 'token'));
  assert.deepEqual(impersonate, { user: 'jane', uid: '7', groups: ['dev', 'ops'], extra: { reason: ['a', 'b'] } });
});

test('KUBECONFIG may list several files: the first definition wins, absent and empty files are skipped', () => {
  const first = aFile('first', 'current-context: two\nusers:\n- {name: u2, user: {token: mine}}');
  const none = aFile('none', '');
  const access = readClusterAccess({ env: { KUBECONFIG: `${directory}/absent:${none}:${first}:${full}` } });
  assert.deepEqual([access.server, access.token], ['https://two', 'mine']);
});

test('inside a cluster without a kubeconfig the service account of the Pod is used; its files are read when needed', () => {
  const mounted = join(directory, 'serviceaccount');
  mkdirSync(mounted);
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  assert.equal(readServiceAccount({}, mounted), undefined);
  assert.throws(() => readServiceAccount(env, mounted), /has no service account token .* automountServiceAccountToken/);
  for (const [name, content] of [
    ['token', 't'],
    ['ca.crt', 'CA'],
    ['namespace', 'team\n'],
  ] as const)
    writeFileSync(join(mounted, name), content);
  assert.deepEqual(readServiceAccount(env, mounted), {
    server: 'https://[fd00::1]:443',
    ca: { file: join(mounted, 'ca.crt') },
    tokenFile: join(mounted, 'token'),
    namespace: 'team',
    userDescribedAs: 'the service account of this Pod',
    describedAs: 'the service account of this Pod',
  });
  assert.equal(readServiceAccount({ ...env, POD_NAMESPACE: 'own' }, mounted)?.namespace, 'own');
});

test('what cannot be used is said in one line that names the file and the field', () => {
  const of = (context: string): KubeconfigQuery => ({ kubeconfigPath: full, context, env: {} });
  const cases: [KubeconfigQuery, RegExp][] = [
    [{ kubeconfigPath: join(directory, 'absent'), env: {} }, /cannot read kubeconfig .*absent/],
    [of('lost'), /has no cluster named "absent"; there is "c1", "c2", "both", "socks"/],
    [of('none'), /has no context named "none"; there is "one", "two"/],
    [of('gcp'), /user "gcp" logs in through auth-provider "gcp", which is not supported: use a credential plugin/],
    [of('bare'), /plugin \(exec\) of user "bare" needs interactiveMode/],
    [of('old-plugin'), /speaks client.authentication.k8s.io\/v1alpha1, which is not supported: upgrade it/],
    [of('half'), /user "half" has only one of client-certificate and client-key/],
    [of('both'), /has both certificate-authority and insecure-skip-tls-verify/],
    [of('socks'), /SOCKS proxy/],
    [of('headless'), /need "as"/],
    [{ kubeconfigPath: aFile('bad', '{'), env: {} }, /is not YAML/],
    [{ kubeconfigPath: aFile('empty', ''), env: {} }, /is not (a kubeconfig|YAML)/],
    [{ env: { HOME: directory } }, /no kubeconfig found .*xtrinode up/],
  ];
  for (const [query, message] of cases) {
    assert.throws(
      () => readClusterAccess(query),
      (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readClusterAccess } from './kubeconfig.ts';

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
- {name: three, context: {cluster: c1, user: exec}}
- {name: four, context: {cluster: absent, user: u1}}
clusters:
- {name: c1, cluster: {server: "https://one:6443/", certificate-authority-data: ${base64('CA')}, tls-server-name: kube}}
- {name: c2, cluster: {server: "https://two", insecure-skip-tls-verify: true}}
users:
- {name: u1, user: {client-certificate-data: ${base64('CERT')}, client-key: key.pem}}
- {name: u2, user: {token: abc}}
- {name: exec, user: {exec: {command: aws}}}
`,
);
aFile('key.pem', 'KEY');

test('the current context gives server, authority, certificate and namespace; paths start from the file', () => {
  assert.deepEqual(readClusterAccess({ kubeconfigPath: full, env: {} }), {
    server: 'https://one:6443',
    ca: 'CA',
    tlsServerName: 'kube',
    cert: 'CERT',
    key: 'KEY',
    namespace: 'team',
    describedAs: `context "one" of ${full}`,
  });
});

test('another context can be named', () => {
  const access = readClusterAccess({ kubeconfigPath: full, context: 'two', env: {} });
  assert.deepEqual([access.server, access.token, access.insecureSkipTlsVerify, access.namespace], ['https://two', 'abc', true, 'default']);
});

test('KUBECONFIG may list several files: the first definition wins, absent files are skipped', () => {
  const first = aFile('first', 'current-context: two');
  const access = readClusterAccess({ env: { KUBECONFIG: `${directory}/absent:${first}:${full}` } });
  assert.equal(access.server, 'https://two');
});

test('what cannot be used is said in one line that names the file and the field', () => {
  const cases: [Parameters<typeof readClusterAccess>[0], RegExp][] = [
    [{ kubeconfigPath: join(directory, 'absent'), env: {} }, /cannot read kubeconfig .*absent/],
    [{ kubeconfigPath: full, context: 'three', env: {} }, /user "exec" logs in through exec, which is not supported/],
    [{ kubeconfigPath: full, context: 'four', env: {} }, /has no cluster named "absent"/],
    [{ kubeconfigPath: full, context: 'none', env: {} }, /has no context named "none"/],
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

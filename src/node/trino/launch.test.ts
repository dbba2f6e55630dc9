import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrinoInstallation } from './installation.ts';
import { adaptJvmFlags, buildTrinoLaunch, parseJvmConfig } from './launch.ts';
import { createPathRewriter } from './rewrite-paths.ts';

const installation: TrinoInstallation = {
  version: '483',
  javaHome: '/jdk',
  directory: '/cache/trino-483',
  libDirectory: '/cache/trino-483/lib',
  pluginDirectory: '/cache/trino-483/plugin',
  launcherJar: '/cache/launcher.jar',
  launcherArguments: ['server', '483'],
  origin: 'maven',
  aotCacheFile: '/cache/x.aot',
};
const root = '/state/pods/u/root';
const files = new Map([
  ['/etc/trino/config.properties', 'coordinator=true\nhttp-server.http.port=8080\n'],
  [
    '/etc/trino/node.properties',
    'node.environment=production\nnode.id=${ENV:POD_NAME}\nnode.data-dir=/state/pods/u/root/data/trino\nplugin.dir=/usr/lib/trino/plugin\n',
  ],
  ['/etc/trino/jvm.config', '# a comment\n-server\n\n-agentpath:/usr/lib/trino/bin/libjvmkill.so\n-Xmx2G\n'],
]);
const launchWith = (more: ReadonlyMap<string, string> = new Map()) =>
  buildTrinoLaunch({ installation, root, podIP: '127.9.9.9', files: new Map([...files, ...more]), namesFile: '/state/names/team.names' });

test('the launch line is the flags, the node properties with ours over them, the class path and the launcher', () => {
  const launch = launchWith();
  assert.equal(launch?.command, '/jdk/bin/java');
  assert.equal(launch?.workingDirectory, `${root}/data/trino`);
  assert.deepEqual(launch?.link, { path: `${root}/data/trino/etc`, target: `${root}/etc/trino` });
  assert.deepEqual(launch?.args, [
    '-server',
    '-Xmx2G',
    '-Dnode.environment=production',
    '-Dnode.id=${ENV:POD_NAME}',
    `-Dnode.data-dir=${root}/data/trino`,
    '-Dplugin.dir=/cache/trino-483/plugin',
    '-Dnode.bind-ip=127.9.9.9',
    '-Dnode.internal-address=127.9.9.9',
    `-Dcatalog.config-dir=${root}/etc/trino/catalog`,
    `-Djava.io.tmpdir=${root}/tmp`,
    '-Dxtrinode.names.file=/state/names/team.names',
    '-Dxtrinode.exit-with-stdin=true',
    `-Dconfig=${root}/etc/trino/config.properties`,
    '-cp',
    '/cache/trino-483/lib/*:/cache/launcher.jar',
    'xtrinode.launcher.Main',
    'server',
    '483',
  ]);
});

test('the health check follows the port and the scheme of config.properties', () => {
  assert.deepEqual(launchWith()?.health, { scheme: 'http', port: 8080 });
  const https = new Map([['/etc/trino/config.properties', 'http-server.http.enabled=false\nhttp-server.https.port=8444\n']]);
  assert.deepEqual(launchWith(https)?.health, { scheme: 'https', port: 8444 });
});

test('a Pod without config.properties cannot be launched', () => {
  assert.equal(buildTrinoLaunch({ installation, root, podIP: '127.9.9.9', files: new Map(), namesFile: '/n' }), undefined);
});

test('a share of the container memory becomes a number, because no cgroup limits the JVM here', () => {
  const flags = parseJvmConfig('-XX:InitialRAMPercentage=80\n-XX:MaxRAMPercentage=50\n-XX:+UseG1GC\n');
  assert.deepEqual(adaptJvmFlags(flags, 4 * 2 ** 30), ['-Xmx2048m', '-XX:+UseG1GC']);
  assert.deepEqual(adaptJvmFlags(flags, undefined), ['-XX:MaxRAMPercentage=50', '-XX:+UseG1GC']);
  assert.deepEqual(adaptJvmFlags(['-Xmx1G', '-XX:MaxRAMPercentage=50'], 4 * 2 ** 30), ['-Xmx1G']);
});

test('paths of the image point below the root, wherever they begin a value, and nothing else changes', () => {
  const { rewrite, isRewritten } = createPathRewriter(root, ['/etc/trino', '/secrets/tls']);
  assert.equal(rewrite('catalog.config-dir=/etc/trino/catalog'), `catalog.config-dir=${root}/etc/trino/catalog`);
  assert.equal(rewrite('a=/etc/trino/x.xml,/secrets/tls/key.pem'), `a=${root}/etc/trino/x.xml,${root}/secrets/tls/key.pem`);
  assert.equal(rewrite('node.data-dir=/data/trino'), `node.data-dir=${root}/data/trino`);
  assert.equal(rewrite('-XX:HeapDumpPath=/data/trino/heap.hprof'), `-XX:HeapDumpPath=${root}/data/trino/heap.hprof`);
  assert.equal(rewrite('file:///etc/trino/rules.json'), `file://${root}/etc/trino/rules.json`);
  for (const same of ['x=/etc/trinox/y', 'x=/srv/etc/trino/y', 'x=http://host/etc/trino', 'x=/secrets/tlsx', 'x=1'])
    assert.equal(rewrite(same), same);
  assert.deepEqual(['/etc/trino/config.properties', '/etc/trino/rules.json'].map(isRewritten), [true, false]);
});

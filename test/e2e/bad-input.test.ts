// What a person may do wrong: each is told in one clear line that names what and how to mend it, and disturbs nothing else.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cacheDirectory } from '#roles/local-node.ts';
import { createClients } from './clients/clients.ts';
import { finish, start, type Finished } from './harness/children.ts';
import { aRuntime } from './harness/runtimes.ts';
import { aHome, root, runUp, startUp } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();
const up = await startUp();

/** Exit code 1, what is wrong, how to mend it; no stack trace; nothing that looks like a running up. */
function assertRefused(finished: Finished, what: RegExp, mend: RegExp): void {
  const said = finished.out + finished.notes;
  assert.equal(finished.code, 1, said);
  assert.match(said, what);
  assert.match(said, mend);
  assert.doesNotMatch(said, /^\s+at .*:\d+/m);
}

async function assertUpRefused(options: Parameters<typeof runUp>[0], what: RegExp, mend: RegExp): Promise<void> {
  assertRefused(await runUp(options), what, mend);
  assert.ok(!existsSync(join(options.home, 'up.json')));
}

test('a taken gateway port is named, and how to choose another', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  after(() => other.close());
  const { port } = other.address() as AddressInfo;
  await assertUpRefused({ home: aHome(), args: ['--gateway-port', String(port)] }, new RegExp(`port ${port}`), /--gateway-port/);
});

test('a second up on the same home says where the first one is and leaves it alone', async () => {
  const second = await runUp({ home: up.home });
  assertRefused(second, /already running/, /--home/);
  assert.ok((second.out + second.notes).includes(up.gatewayUrl));
  assert.match((await up.kubectl('get', 'tn', 'quickstart', '-o', 'name')).out, /quickstart/);
});

/** `up` on a machine whose distribution brings no JDK: a mount namespace of its own hides /usr/lib/jvm. */
function runUpWithoutJdks(env: NodeJS.ProcessEnv): Promise<Finished> {
  const empty = aHome();
  const { JAVA_HOME: _javaHome, ...rest } = process.env;
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  const hide = 'mount --bind "$1" /usr/lib/jvm && PATH=$2 && export PATH && shift 2 && exec "$@"';
  const up = [process.execPath, join(root, 'src', 'main.ts'), 'up', '--home', aHome(), '--gateway-port', '0'];
  return finish(start(['unshare', ...namespace, 'sh', '-c', hide, 'sh', empty, empty, ...up], { env: { ...rest, HOME: empty, ...env } }));
}

test('a machine without a JDK is told which one to install', async () => {
  assertRefused(await runUpWithoutJdks({}), /No JDK 25 or newer was found.*there is no Java/, /temurin-25-jdk.*JAVA_HOME/);
});

test('a JDK that is too old is named', async () => {
  const old = join(aHome(), 'jdk-17');
  mkdirSync(join(old, 'bin'), { recursive: true });
  for (const tool of ['java', 'javac']) writeFileSync(join(old, 'bin', tool), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(old, 'release'), 'JAVA_VERSION="17.0.15"\n');
  assertRefused(await runUpWithoutJdks({ JAVA_HOME: old }), /No JDK 25 or newer was found.*found only 17\.0\.15/, /temurin-25-jdk/);
});

test('no Maven and nothing fetched: told what to install, or to give a distribution', async () => {
  const env = { ...process.env, PATH: aHome(), XTRINODE_CACHE: aHome() };
  await assertUpRefused({ home: aHome(), env }, /Trino 483 cannot be fetched.*mvn/, /--trino-home/);
});

test('--offline with nothing fetched says so', async () => {
  const env = { ...process.env, XTRINODE_CACHE: aHome() };
  await assertUpRefused({ home: aHome(), env, args: ['--offline'] }, /Trino 483 is not on this machine/, /without --offline/);
});

test('a damaged file of the fetched Trino is told with --offline and fetched again without', async () => {
  const cache = aHome();
  const copy = join(cache, 'trino-483');
  cpSync(join(cacheDirectory(process.env), 'trino-483'), copy, { recursive: true });
  const [jar = ''] = readdirSync(join(copy, 'plugin', 'tpch')).filter((name) => name.startsWith('trino-tpch'));
  const damaged = join(copy, 'plugin', 'tpch', jar);
  writeFileSync(damaged, 'half of a downl');
  const env = { ...process.env, XTRINODE_CACHE: cache };
  await assertUpRefused({ home: aHome(), env, args: ['--offline'] }, /1 files? .*missing or changed/, /without --offline/);
  const repaired = await startUp({ env, args: ['--no-quickstart'] });
  assert.match(repaired.printed(), /repairing Trino 483/);
  assert.equal(await repaired.stop(), 0);
});

const unknownField = aRuntime('wrong').replace('size: xs', 'size: xs\n  sizze: m');
const wrongType = aRuntime('wrong').replace('maxWorkers: 0', 'maxWorkers: many');
for (const [what, manifest, named] of [
  ['an unknown field', unknownField, /sizze/],
  ['a wrong type', wrongType, /maxWorkers/],
] as const) {
  test(`${what} in a manifest is refused by kubectl apply and by xtrinode apply, and nothing is written`, async () => {
    const file = join(aHome(), 'wrong.yaml');
    writeFileSync(file, manifest);
    const byKubectl = await up.kubectl('apply', '-f', file);
    assertRefused(byKubectl, named, /spec/);
    const byUs = await up.xtrinode('apply', '-f', file);
    assertRefused(byUs, named, /spec/);
    assert.equal((await up.kubectl('get', 'tn', 'wrong', '--ignore-not-found', '-o', 'name')).out, '');
  });
}

test('a route header that selects no runtime gives the client an error of Trino’s kind, and wakes nothing', async () => {
  const before = (await up.runtime('quickstart')).status?.lifecycle?.sequence;
  const answer = await clients.query('python', up.gatewayUrl, 'SELECT 1', '--header', 'X-Trino-XTrinode=default/nobody');
  assertRefused(answer, /default\/nobody.* selects no runtime/, /spec\.routing\.header/);
  assert.equal((await up.runtime('quickstart')).status?.lifecycle?.sequence, before);
});

test('of two runtimes that claim one host name the older one has it, and the other one says so', async () => {
  const claim = { routing: '{ hostname: sales.example.com }' };
  await up.apply(aRuntime('first', claim));
  await up.until('first', 'Suspended', 20_000);
  await up.apply(aRuntime('second', claim));
  const lost = await eventually('the condition on the loser', 20_000, async () =>
    (await up.runtime('second')).status?.conditions?.find(({ type, status }) => type === 'RouteReady' && status === 'False'),
  );
  assert.match(lost.message, /sales\.example\.com/);
  const kept = (await up.runtime('first')).status?.conditions?.find(({ type }) => type === 'RouteReady');
  assert.equal(kept?.status, 'True', kept?.message);
});

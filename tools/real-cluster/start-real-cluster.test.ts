import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLifeline } from '../../test/fakes/lifeline.ts';
import { waitForEtcd, writeFakeControlPlane } from '../../test/fakes/fake-control-plane.ts';
import { startRealCluster } from './start-real-cluster.ts';

async function setUp(t: TestContext, apiServerFirst?: string) {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-control-plane-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const env = await writeFakeControlPlane(directory, { lifeline, ...(apiServerFirst === undefined ? {} : { apiServerFirst }) });
  const clusters = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.startsWith('xtrinode-cluster-'));
  return { directory, env, lifeline, clusters };
}

test('a control plane gives each user a kubeconfig of its own, and leaves nothing when it stops', async (t) => {
  const { env, lifeline, clusters } = await setUp(t);
  const cluster = await startRealCluster({ env, controllers: false, users: [{ name: 'robot', userName: 'system:serviceaccount:a:b' }] });
  const parts = [await lifeline.next(), await lifeline.next()];
  assert.match(await readFile(cluster.kubeconfigPath, 'utf8'), new RegExp(`server: ${cluster.url}`));
  assert.notEqual(await readFile(cluster.kubeconfigFor('operator'), 'utf8'), await readFile(cluster.kubeconfigPath, 'utf8'));
  const tokens = (await readFile(join(cluster.directory, 'tokens.csv'), 'utf8')).split('\n').map((line) => line.replace(/^[^,]*,/, ''));
  assert.ok(tokens.includes('system:serviceaccount:a:b,robot') && tokens.includes('admin,admin,"system:masters"'), String(tokens));
  assert.throws(() => cluster.kubeconfigFor('stranger'), /without a user stranger/);
  await cluster.stop();
  await Promise.all(parts.map(({ gone }) => gone));
  assert.deepEqual(await clusters(), []);
});

test('when another program has taken the port, kube-apiserver is started on another one', async (t) => {
  const { env } = await setUp(
    t,
    `const { existsSync, writeFileSync } = require('node:fs');
     if (!existsSync('tried')) { writeFileSync('tried', ''); console.error('bind: address already in use'); process.exit(1); }`,
  );
  const cluster = await startRealCluster({ env, controllers: false });
  await cluster.stop();
});

test('a part that does not start is named with the end of its log, and the others are ended', async (t) => {
  const { env, lifeline, clusters } = await setUp(t, `${waitForEtcd} console.error('Error: unknown flag: --x'); process.exit(1)`);
  await assert.rejects(
    startRealCluster({ env, controllers: false }),
    /^PartEnded: kube-apiserver ended with code 1; the end of its log:\n.*unknown flag: --x/,
  );
  await (
    await lifeline.next()
  ).gone;
  assert.deepEqual(await clusters(), []);
});

test('a part that ends later is told', async (t) => {
  const { env, lifeline } = await setUp(t);
  const cluster = await startRealCluster({ env, controllers: false });
  process.kill((await lifeline.next()).pid, 'SIGKILL');
  assert.match((await cluster.failed).message, /ended with SIGKILL/);
  await cluster.stop();
});

test('kill -9 of the owner ends all parts, and the next start clears its files away', async (t) => {
  const { env, lifeline, clusters } = await setUp(t);
  const program = join(import.meta.dirname, '..', '..', 'test', 'fakes', 'doomed-cluster.ts');
  const owner = spawn(process.execPath, [program], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const parts = [await lifeline.next(), await lifeline.next()];
  await once(owner.stdout, 'data');
  owner.kill('SIGKILL');
  await Promise.all(parts.map(({ gone }) => gone));
  const left = await clusters();
  assert.equal(left.length, 1);
  const next = await startRealCluster({ env, controllers: false });
  assert.equal((await clusters()).includes(left[0] ?? ''), false);
  await next.stop();
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigMap, Container, Pod, Secret, Volume } from '#core/objects.ts';
import { planVolumes, writeVolumes } from './volumes.ts';

const configMap = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'tls' },
  data: { 'tls.key': Buffer.from('key').toString('base64') },
};
const sources = {
  configMaps: new Map([
    ['config', configMap('config', { 'config.properties': 'coordinator=true\n', 'node.properties': 'x=1\n' })],
    ['catalogs', configMap('catalogs', { 'tpch.properties': 'connector.name=tpch\n' })],
  ]),
  secrets: new Map([['tls', secret]]),
};

function planFor(volumes: readonly Volume[], mounts: NonNullable<Container['volumeMounts']>) {
  const container: Container = { name: 'trino', volumeMounts: mounts };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container], volumes } };
  return planVolumes(pod, container, sources);
}

test('volumes become files below the root, a mount inside a mount included, and come back whole on the next start', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-volumes-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const plan = planFor(
    [
      { name: 'config', configMap: { name: 'config' } },
      { name: 'catalogs', configMap: { name: 'catalogs' } },
      { name: 'data', emptyDir: {} },
      { name: 'tls', secret: { secretName: 'tls' } },
    ],
    [
      { name: 'catalogs', mountPath: '/etc/trino/catalog' },
      { name: 'config', mountPath: '/etc/trino' },
      { name: 'data', mountPath: '/data/trino/' },
      { name: 'tls', mountPath: '/secrets' },
    ],
  );
  await writeVolumes(directory, plan);
  const at = (path: string): string => join(directory, 'root', path);
  await writeFile(at('/data/trino/kept'), 'by Trino');
  await writeFile(at('/etc/trino/stale'), 'not in the ConfigMap');
  await writeVolumes(directory, plan);

  assert.equal(await readFile(at('/etc/trino/config.properties'), 'utf8'), 'coordinator=true\n');
  assert.equal(await readFile(at('/etc/trino/catalog/tpch.properties'), 'utf8'), 'connector.name=tpch\n');
  assert.equal(await readFile(at('/data/trino/kept'), 'utf8'), 'by Trino');
  assert.equal((await stat(at('/secrets/tls.key'))).mode & 0o777, 0o400);
  await assert.rejects(stat(at('/etc/trino/stale')));
});

test('items choose and rename keys, subPath mounts one file, projected volumes join sources', () => {
  const plan = planFor(
    [
      { name: 'some', configMap: { name: 'config', items: [{ key: 'node.properties', path: 'sub/n.properties' }] } },
      { name: 'one', configMap: { name: 'config' } },
      { name: 'all', projected: { sources: [{ configMap: { name: 'catalogs' } }, { secret: { name: 'tls' } }] } },
    ],
    [
      { name: 'some', mountPath: '/some' },
      { name: 'one', mountPath: '/opt/single.properties', subPath: 'config.properties' },
      { name: 'all', mountPath: '/all' },
    ],
  );
  assert.deepEqual(
    plan.files.map((file) => [file.path, file.mode.toString(8)]),
    [
      ['/all/tpch.properties', '644'],
      ['/all/tls.key', '400'],
      ['/some/sub/n.properties', '644'],
      ['/opt/single.properties', '644'],
    ],
  );
});

test('what is missing, not supported or outside its volume is named', () => {
  const mount = [{ name: 'v', mountPath: '/v' }];
  assert.throws(() => planFor([{ name: 'v', configMap: { name: 'none' } }], mount), { message: 'configmap "none" not found' });
  assert.throws(() => planFor([{ name: 'v', hostPath: { path: '/' } } as Volume], mount), /volume "v" is a hostPath/);
  assert.throws(() => planFor([], mount), /volume "v" is mounted but not defined/);
  const escaping = { name: 'config', items: [{ key: 'node.properties', path: '../../evil' }] };
  assert.throws(() => planFor([{ name: 'v', configMap: escaping }], mount), /leaves its volume/);
  assert.deepEqual(planFor([{ name: 'v', configMap: { name: 'none', optional: true } }], mount).files, []);
});

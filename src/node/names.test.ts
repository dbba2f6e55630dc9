import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod, Service } from '#core/objects.ts';
import { pods, services } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { createMemoryKubeApi } from '../../test/fakes/memory-kube-api.ts';
import { createServiceNames } from './names.ts';

const by = { fieldManager: 'test' };

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'trino-a', namespace: 'team' },
  spec: { selector: { role: 'coordinator' } },
};
const aPod = (isReady: boolean): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'c-0', namespace: 'team', labels: { role: 'coordinator' } },
  spec: { containers: [] },
  status: { podIP: '127.9.9.9', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

test('a Service has a line under each of its names, without addresses until a Pod is ready', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-names-'));
  const api = createMemoryKubeApi();
  const names = createServiceNames({ api, directory, clock: systemClock, random: Math.random, log: silentLog });
  t.after(async () => {
    names.stop();
    await rm(directory, { recursive: true, force: true });
  });
  await api.create(services, service, by);
  await api.create(pods, aPod(false), by);
  const file = await names.use('team');
  assert.equal(await readFile(file, 'utf8'), 'trino-a\ntrino-a.team\ntrino-a.team.svc\ntrino-a.team.svc.cluster.local\n');

  const changed = new Promise<void>((resolve) => {
    const watcher = watch(directory, (event, name) => {
      if (event !== 'rename' || name !== 'team.names') return;
      watcher.close();
      resolve();
    });
  });
  await api.replace(pods, aPod(true), by);
  await changed;
  assert.match(await readFile(file, 'utf8'), /^trino-a 127\.9\.9\.9\ntrino-a\.team 127\.9\.9\.9\n/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrinoInstallation } from './trino/installation.ts';
import { createImageTable, parseTrinoVersion } from './images.ts';

const installation = { version: '483' } as TrinoInstallation;

test('the image of Trino is known behind any registry, tag suffix and digest, and by no other name', () => {
  assert.equal(parseTrinoVersion('trinodb/trino:483'), '483');
  assert.equal(parseTrinoVersion('docker.io/trinodb/trino:476-arm64'), '476');
  assert.equal(parseTrinoVersion('registry.example.com:5000/mirror/trinodb/trino:483@sha256:0123'), '483');
  for (const other of ['trino:483', 'trinodb/trino', 'trinodb/trino:latest', 'eviltrinodb/trino:483', 'trinodb/trino:483/x']) {
    assert.equal(parseTrinoVersion(other), undefined, other);
  }
});

test('Pods that start together share one installation and all hear of its progress', async () => {
  let installs = 0;
  const heard: string[] = [];
  const table = createImageTable({
    trinoVersions: ['483'],
    install: async (_version, progress) => {
      installs += 1;
      progress({ step: 'Trino 483: core', done: 4, total: 177, bytes: 2_400_000 });
      return installation;
    },
  });
  const ready = { is: 'ready', image: { kind: 'trino', installation } };
  const answers = await Promise.all(['a', 'b'].map((who) => table.prepare('trinodb/trino:483', (line) => heard.push(`${who}: ${line}`))));
  assert.deepEqual(answers, [ready, ready]);
  assert.deepEqual(heard, ['a: Trino 483: core, 4 of 177 files, 2 MB', 'b: Trino 483: core, 4 of 177 files, 2 MB']);
  assert.equal(installs, 1);
});

test('an installation that failed is tried again by whoever asks next', async () => {
  let isUp = false;
  const table = createImageTable({
    trinoVersions: ['483'],
    install: async () => (isUp ? installation : Promise.reject(new Error('no network'))),
  });
  const first = await table.prepare('trinodb/trino:483', () => undefined);
  assert.deepEqual(first, { is: 'refused', message: 'Trino 483 cannot be made ready: no network', mayRetry: true });
  isUp = true;
  assert.equal((await table.prepare('trinodb/trino:483', () => undefined)).is, 'ready');
});

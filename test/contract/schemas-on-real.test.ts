// The schemas by which the embedded API knows the built-in kinds are those that a real API server publishes.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKubernetesSchemas } from '../../tools/real-cluster/kubernetes-schemas.ts';
import { askWith } from './contract-server.ts';
import { sharedCluster } from './shared-cluster.ts';

const file = join(import.meta.dirname, '..', '..', 'src', 'embedded', 'generated', 'kubernetes-schemas.json');

test('the committed schemas of Kubernetes are what a real API server publishes', async () => {
  const committed = (await readFile(file, 'utf8')).split('\n');
  const published = (await readKubernetesSchemas(await askWith((await sharedCluster()).kubeconfigPath))).split('\n');
  // one schema per line; all of it would be half a megabyte to read
  const nameOf = (line: string): string => line.slice(0, line.indexOf('{')).trim();
  const differing = [...new Set([...committed, ...published])].filter((line) => !committed.includes(line) || !published.includes(line));
  const names = [...new Set(differing.map(nameOf))];
  assert.deepEqual(names, [], 'run node tools/start.mjs --script tools/gen-kubernetes-schemas.ts, and look at what changed');
});

// What was decided for an object that is gone, and is still seen by a cache that lags, never becomes the state of one of the same name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XTrinode } from '#apis/v1/objects.ts';
import { apiVersion, xtrinodes } from '#apis/v1/resources.ts';
import type { KubeObject } from '#core/objects.ts';
import { createExecutor, type ExecutorInit } from '#reconcile/execute.ts';
import { aCluster, installDefinitions } from './roles/setup.ts';

const key = { namespace: 'default', name: 'a' };
const by = { fieldManager: 'test' };

test('the status of a runtime that was deleted is not written to one that has its name', async (t) => {
  const { api } = await aCluster(t);
  await installDefinitions(api);
  const made = { apiVersion, kind: 'XTrinode', metadata: key, spec: { size: 'xs', suspended: true } } as KubeObject;
  const former = (await api.create(xtrinodes, made, by)) as XTrinode;
  const init: Pick<ExecutorInit, 'api' | 'signal'> = { api, signal: new AbortController().signal };
  // Nothing of them is asked for here but to remember what was written.
  const one = { view: { noteWritten: () => undefined } };
  const caches = { runtimes: one, configMaps: one, services: one, serviceAccounts: one, deployments: one };
  const executor = createExecutor({ ...init, caches } as unknown as ExecutorInit);
  await executor.writeStatus(former, { phase: 'Suspended' });
  assert.equal((await api.get<XTrinode>(xtrinodes, key))?.status?.phase, 'Suspended');
  await api.remove(xtrinodes, key);
  await api.create(xtrinodes, made, by);
  await assert.rejects(executor.writeStatus(former, { phase: 'Ready' }), { reason: 'Conflict' });
  assert.equal((await api.get<XTrinode>(xtrinodes, key))?.status?.phase, undefined);
});

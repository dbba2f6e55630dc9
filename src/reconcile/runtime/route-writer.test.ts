import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '#core/objects.ts';
import { gatewayNamespace, routesLabel } from '#apis/v1/resources.ts';
import { interceptApi } from '#kube/control/intercepted-api.ts';
import { KubeError } from '#kube/errors.ts';
import { configMaps } from '#kube/resources.ts';
import { createMemoryKubeApi } from '../../../test/fakes/memory-kube-api.ts';
import { createRouteWriter } from './route-writer.ts';

const refused = new KubeError({ code: 403, reason: 'Forbidden', message: 'not you' });

/** Patches wait until they are let through. */
function aWriter() {
  const memory = createMemoryKubeApi();
  const held: (() => void)[] = [];
  const stopping = new AbortController();
  let failure: Error | undefined;
  const api = interceptApi(memory, {
    async call({ verb }, proceed) {
      if (verb === 'patch') await new Promise<void>((resolve) => held.push(resolve));
      if (failure !== undefined) throw failure;
      return proceed();
    },
    stream: (_call, open) => open(),
  });
  const noted: ConfigMap[] = [];
  const view = { noteWritten: (shard: ConfigMap) => void noted.push(shard) };
  return {
    writer: createRouteWriter({ api, view, signal: stopping.signal }),
    writes: memory.writes,
    noted,
    stop: () => stopping.abort(),
    fail: (error: Error | undefined) => (failure = error),
    /** How many were under way. */
    async letThrough(): Promise<number> {
      const now = held.splice(0);
      for (const resume of now) resume();
      await new Promise((resolve) => setImmediate(resolve));
      return now.length;
    },
    dataOf: async (name: string) => (await memory.get<ConfigMap>(configMaps, { namespace: gatewayNamespace, name }))?.data,
    labelsOf: async (name: string) => (await memory.get<ConfigMap>(configMaps, { namespace: gatewayNamespace, name }))?.metadata.labels,
  };
}

test('a shard that is missing is made, with the label by which gateways find it', async () => {
  const { writer, letThrough, dataOf, labelsOf, noted } = aWriter();
  const done = writer.write('routes-1', 'a', '1');
  await letThrough();
  await done;
  assert.deepEqual([await dataOf('routes-1'), await labelsOf('routes-1')], [{ a: '1' }, { [routesLabel]: 'true' }]);
  assert.equal(noted.length, 1);
});

test('a change of one shard writes that shard alone, and of it that key alone', async () => {
  const { writer, writes, letThrough, dataOf } = aWriter();
  const made = [writer.write('routes', 'a', '1'), writer.write('routes-1', 'b', '1')];
  await letThrough();
  await Promise.all(made);
  const before = writes.length;
  const changed = writer.write('routes-1', 'c', '2');
  await letThrough();
  await changed;
  assert.deepEqual(writes.slice(before), ['patch configmaps routes-1']);
  assert.deepEqual([await dataOf('routes'), await dataOf('routes-1')], [{ a: '1' }, { b: '1', c: '2' }]);
});

test('what comes while a shard is being written goes with its next write, all of it; another shard does not wait', async () => {
  const { writer, writes, letThrough, dataOf } = aWriter();
  const done = [writer.write('routes', 'a', '1')];
  for (const key of ['b', 'c', 'd']) done.push(writer.write('routes', key, '1'));
  done.push(writer.write('routes-1', 'z', '1'));
  assert.equal(await letThrough(), 2);
  assert.equal(await letThrough(), 1);
  await Promise.all(done);
  assert.deepEqual(await dataOf('routes'), { a: '1', b: '1', c: '1', d: '1' });
  assert.equal(writes.filter((write) => write === 'patch configmaps routes').length, 1);
});

test('null takes a key away', async () => {
  const { writer, letThrough, dataOf } = aWriter();
  for (const entry of ['1', null]) {
    const done = writer.write('routes', 'a', entry);
    await letThrough();
    await done;
  }
  assert.deepEqual(await dataOf('routes'), {});
});

test('a refusal is heard by each whose entry was in that write, and the next write goes on', async () => {
  const { writer, letThrough, fail, dataOf } = aWriter();
  const first = writer.write('routes', 'a', '1');
  const others = Promise.allSettled([writer.write('routes', 'b', '1'), writer.write('routes', 'c', '1')]);
  await letThrough();
  await first;
  fail(refused);
  await letThrough();
  const results = await others;
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  fail(undefined);
  const again = writer.write('routes', 'b', '1');
  await letThrough();
  await again;
  assert.deepEqual(await dataOf('routes'), { a: '1', b: '1' });
});

test('what waits for its turn when the operator is stopped is not written', async () => {
  const { writer, writes, letThrough, stop } = aWriter();
  const first = writer.write('routes', 'a', '1');
  const second = assert.rejects(writer.write('routes', 'b', '1'));
  stop();
  await letThrough();
  await first;
  await second;
  assert.deepEqual(writes, ['create configmaps routes']);
});

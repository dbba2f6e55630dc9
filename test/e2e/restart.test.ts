// What survives: kill -9 and a clean stop lose no object and leave no process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { createClients } from './clients/clients.ts';
import { assertCounted, countLines } from './harness/expectations.ts';
import { javaProcesses } from './harness/processes.ts';
import { aCatalog } from './harness/runtimes.ts';
import { aHome, startUp, type Up } from './harness/up.ts';
import { eventually } from './harness/waiting.ts';

const clients = await createClients();
const home = aHome();

/** What users wrote, as kubectl shows it. */
async function readObjects(up: Up): Promise<readonly unknown[]> {
  const { out, notes } = await up.kubectl('get', 'xtrinodes,xtrinodecatalogs', '-A', '-o', 'json');
  assert.notEqual(out, '', notes);
  return (JSON.parse(out) as { items: (KubeObject & { status?: unknown })[] }).items.map(({ status: _status, metadata, ...rest }) => {
    const { resourceVersion: _version, ...kept } = metadata;
    return { ...rest, metadata: kept };
  });
}

test('kill -9 of up while a runtime is awake leaves no process and loses no acknowledged write; a clean stop keeps the state', async (t) => {
  const killed = await startUp({ home });
  assertCounted(await clients.query('go', killed.gatewayUrl, countLines));
  assert.equal(javaProcesses(home).length, 2);
  await killed.apply(aCatalog('last-words', 'nobody'));
  await killed.kill();

  await t.test('its Java processes end within 20 s', async () => {
    await eventually('the end of the Java processes', 20_000, () => javaProcesses(home).length === 0, 100);
  });

  const next = await startUp({ home });
  await t.test('the next up has every object and serves a query', async () => {
    const names = (await next.kubectl('get', 'xtrinodes,xtrinodecatalogs', '-o', 'name')).out;
    for (const name of ['quickstart', 'tpch', 'memory', 'last-words']) assert.match(names, new RegExp(`/${name}$`, 'm'));
    assertCounted(await clients.query('go', next.gatewayUrl, countLines));
    assert.equal(javaProcesses(home).length, 2);
  });

  await t.test('after a clean stop and start the objects are the same, and what was awake is awake', async () => {
    const before = { objects: await readObjects(next), lifecycle: (await next.runtime('quickstart')).status?.lifecycle };
    assert.equal(await next.stop(), 0);
    assert.deepEqual(javaProcesses(home), []);
    const third = await startUp({ home });
    assert.deepEqual(await readObjects(third), before.objects);
    const { desired, cause, sequence } = (await third.until('quickstart', 'Ready', 60_000)).status?.lifecycle ?? {};
    assert.deepEqual([desired, cause, sequence], ['Awake', before.lifecycle?.cause, before.lifecycle?.sequence]);
  });
});

// xtrinode operator as a process of its own would run it: it works on what the cluster has, tells the truth about itself, and
// waits for what is missing.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { apiVersion, xtrinodes } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { KubeObject } from '#core/objects.ts';
import { systemClock } from '#observe/system-clock.ts';
import { startFaultProxy } from '../../faults/fault-proxy.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { createOperatorMetrics } from '#roles/operator-metrics.ts';
import { aCluster, installDefinitions, startRole } from './setup.ts';

async function read(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
}

/** Read again and again until it says so: what an operator tells follows its caches, which follow the API server. */
async function readUntil(url: string, isThere: (text: string) => boolean): Promise<{ readonly status: number; readonly text: string }> {
  let answer = await read(url);
  for (let reads = 1; !isThere(answer.text) && reads < 1_000; reads += 1) answer = await read(url);
  return answer;
}

const asleep = { apiVersion, kind: 'XTrinode', metadata: { namespace: 'default', name: 'a' }, spec: { size: 'xs', suspended: true } };

test('it brings a runtime to where it should be, and tells so in its readiness and in the metrics of the field', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const role = start('operator');
  const [, url = ''] = await role.says(/^operator ready: (http:\/\/127\.0\.0\.1:\d+)\n$/);
  await role.notes(/this operator leads/);
  const suspended = Promise.withResolvers<void>();
  const watching = new AbortController();
  const following = (async () => {
    for await (const event of api.watch<XTrinode>(xtrinodes, {}, { signal: watching.signal })) {
      if (event.type !== 'BOOKMARK' && event.object.status?.phase === 'Suspended') suspended.resolve();
    }
  })();
  await api.create<KubeObject>(xtrinodes, asleep, { fieldManager: 'test' });
  await suspended.promise;
  watching.abort();
  await following;
  assert.deepEqual(await read(`${url}/livez`), { status: 200, text: 'ok\n' });
  const ready = await read(`${url}/readyz`);
  assert.deepEqual([ready.status, /\[\+]leader: .*\n\[\+]caches: filled\n\[\+]work: /.test(ready.text)], [200, true], ready.text);
  const settled = [
    'xtrinode_runtimes{phase="Suspended"} 1',
    'workqueue_depth{name="xtrinode",controller="xtrinode"} 0',
    // The pass that wrote the phase may not have ended yet.
    'controller_runtime_reconcile_total{controller="xtrinode",result="success"}',
    'controller_runtime_reconcile_time_seconds_count{controller="xtrinode"}',
  ];
  const { text } = await readUntil(`${url}/metrics`, (metrics) => settled.every((line) => metrics.includes(line)));
  for (const line of [
    ...settled,
    'leader_election_master_status{name="xtrinode-operator"} 1',
    'workqueue_longest_running_processor_seconds{name="xtrinode",controller="xtrinode"}',
    'rest_client_requests_total{code="200",method="PATCH",host="127.0.0.1:',
    'workqueue_queue_duration_seconds_bucket{le="0.001",name="xtrinode",controller="xtrinode"}',
  ]) {
    assert.ok(text.includes(line), `${line} is missing in\n${text}`);
  }
  assert.equal(await role.stop(), 0);
});

test('of two one leads and the other is ready too; it takes over when the first is stopped', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const first = start('operator', '--log-format', 'text');
  await first.notes(/caches are filled/);
  const second = start('operator', '--log-format', 'text');
  const [, url = ''] = await second.says(/^operator ready: (\S+)\n$/);
  await second.notes(/isThisOne=false/);
  const standby = await read(`${url}/readyz`);
  assert.deepEqual(standby, { status: 200, text: '[+]leader: another operator leads, this one stands by\n' });
  assert.match((await read(`${url}/metrics`)).text, /leader_election_master_status\{name="xtrinode-operator"} 0\n/);
  assert.equal(await first.stop(), 0);
  await second.notes(/caches are filled/);
  assert.match((await read(`${url}/readyz`)).text, /this operator leads/);
});

test('without the definitions it is alive and not ready, says what to install, and goes on when it is there', async (t) => {
  const { api, start } = await aCluster(t);
  const role = start('operator', '--log-format', 'text');
  const [, url = ''] = await role.notes(/health and metrics are served url=(http:\S+)/);
  await role.notes(/waiting: .* does not serve xtrinodes .*: xtrinode crds \| kubectl apply --server-side -f -/);
  assert.equal((await read(`${url}/livez`)).status, 200);
  const { status, text } = await read(`${url}/readyz`);
  assert.equal(status, 503);
  assert.match(text, /^\[-]cluster: .* does not serve xtrinodes/);
  await installDefinitions(api);
  await role.says(/^operator ready/);
  await role.notes(/caches are filled/);
  assert.equal((await read(`${url}/readyz`)).status, 200);
});

test('while one kind cannot be listed it is not ready and says which and why; afterwards it is', async (t) => {
  const { api, directory, kubeconfigPath } = await aCluster(t);
  await installDefinitions(api);
  const proxy = await startFaultProxy({ clock: systemClock, upstream: kubeconfigPath, kubeconfigPath: `${directory}/faulty` });
  t.after(() => proxy.stop());
  const forbidden = { do: 'answer', code: 403, reason: 'Forbidden' } as const;
  proxy.begin([{ on: ['list'], plural: 'services', fault: forbidden }]);
  const role = startRole(['operator', '--kubeconfig', proxy.kubeconfigPath, '--log-format', 'text']);
  t.after(() => role.stop());
  const [, url = ''] = await role.says(/^operator ready: (\S+)\n$/);
  const refused = '[-]caches: that of services cannot be filled: scripted: 403 Forbidden\n';
  const { status, text } = await readUntil(`${url}/readyz`, (checks) => checks.includes(refused));
  assert.deepEqual([status, text.includes(refused)], [503, true], text);
  proxy.begin([]);
  await role.notes(/caches are filled/);
  assert.equal((await read(`${url}/readyz`)).status, 200);
});

test('a runtime that is in work for too long makes it not ready, by name', async (t) => {
  const { api, directory, kubeconfigPath } = await aCluster(t);
  await installDefinitions(api);
  const proxy = await startFaultProxy({ clock: systemClock, upstream: kubeconfigPath, kubeconfigPath: `${directory}/faulty` });
  t.after(() => proxy.stop());
  proxy.begin([{ on: ['apply'], plural: 'xtrinodes', fault: { do: 'hang' } }]);
  const role = startRole(['operator', '--kubeconfig', proxy.kubeconfigPath, '--log-format', 'text', '--stuck-after', '300ms']);
  t.after(() => role.stop());
  const [, url = ''] = await role.says(/^operator ready: (\S+)\n$/);
  await api.create<KubeObject>(xtrinodes, asleep, { fieldManager: 'test' });
  const ready = await readUntil(`${url}/readyz`, (checks) => checks.includes('stuck'));
  assert.equal(ready.status, 503);
  assert.match(ready.text, /\[-]work: stuck: 1 in work for too long, default\/a for \d+s?/);
});

test('credentials that are refused end it with one line and no stack trace', async (t) => {
  const { kubeconfigPath, directory } = await aCluster(t);
  const text = await readFile(kubeconfigPath, 'utf8');
  const broken = `${directory}/expired`;
  await writeFile(broken, text.replaceAll(/token: \S+/g, 'token: expired').replaceAll(/client-(certificate|key)-data: \S+\n/g, ''));
  const role = startRole(['operator', '--kubeconfig', broken]);
  assert.equal(await role.ended, 1);
  const [said = ''] = await role.notes(/xtrinode: .*\n/);
  assert.match(said, /credentials|certificate/);
  assert.ok(!said.includes('    at '));
});

test('a wake is counted once, when queries run, with what caused it', async () => {
  const metrics = createOperatorMetrics({ isLeader: () => true, leaseName: 'x', host: 'h' });
  type Listener = Parameters<Parameters<typeof metrics.follow>[0]['runtimes']['subscribe']>[0];
  let tell: Listener = () => undefined;
  const runtimes = { get: () => undefined, list: () => [], subscribe: (listener: Listener) => ((tell = listener), () => undefined) };
  const queue = { length: 0, running: () => [] };
  metrics.follow({ runtimes, queues: { xtrinode: queue, xtrinodecatalog: queue } } as unknown as Parameters<typeof metrics.follow>[0]);
  const at = (ms: number): string => new Date(createFakeClock().now() + ms).toISOString();
  const state = (readyAt?: string): XTrinode => {
    const lifecycle = { desired: 'Awake', cause: 'Demand', decidedAt: at(0), ...(readyAt === undefined ? {} : { readyAt }) };
    return { ...asleep, status: { lifecycle } } as unknown as XTrinode;
  };
  tell({ key: 'a', before: state(), after: state() });
  tell({ key: 'a', before: state(), after: state(at(12_000)) });
  tell({ key: 'a', before: state(at(12_000)), after: state(at(12_000)) });
  tell({ key: 'a', before: undefined, after: state(at(12_000)) });
  const text = await metrics.render();
  assert.match(text, /xtrinode_wake_duration_seconds_sum\{cause="Demand"} 12\n/);
  assert.match(text, /xtrinode_wake_duration_seconds_count\{cause="Demand"} 1\n/);
});

// The operator as a process, through the fault proxy, on a real API server with its controllers: what faults.test.ts runs on the
// embedded API by a fake clock, here in short and in real time. Coordinators only pretend.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { internalSecretName } from '#apis/v1/names.ts';
import { annotations, apiVersion, xtrinodes } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { createReflector, type Reflector } from '#kube/cache/reflector.ts';
import { createHttpKubeApi, type HttpKubeApi } from '#kube/client/http-kube-api.ts';
import { secrets } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { createCoordinatorCrowd, type CoordinatorCrowd } from '../bench/coordinator-crowd.ts';
import { start, type Child } from '../e2e/harness/children.ts';
import { createPretendNode, type PretendNode } from '../fakes/pretend-node.ts';
import { startFaultProxy, type FaultProxy } from '../faults/fault-proxy.ts';
import { mostAlikeInAMinute, mostListsOf } from '../faults/faults.ts';
import type { FaultScript } from '../faults/script.ts';
import { readObjects } from '../sweep/end-state.ts';
import { findObjectDifferences } from '../sweep/sweep.ts';
import { prepareForOperator } from './prepare-for-operator.ts';
import { sharedCluster } from './shared-cluster.ts';

const team = 'faults';
const key = { namespace: team, name: 'sales' };
const by = { fieldManager: 'somebody', force: true };
const patienceMs = 60_000;
/** Longer than that of the tier: what ends is waited for until Kubernetes' own collector has come round. */
const timeout = 180_000;
const untilMs = 6_000;
const expired = { do: 'answer', code: 410, reason: 'Expired' } as const;

/** As many of them at once as go together: each run takes a dozen seconds of real time. */
const bad: readonly { readonly name: string; readonly script: FaultScript }[] = [
  {
    name: 'writes whose answers are lost, wholly or in the middle',
    script: [
      { on: 'writes', every: 3, untilMs, fault: { do: 'reset', when: 'after' } },
      { on: 'writes', every: 3, untilMs, fault: { do: 'reset', when: 'midway' } },
    ],
  },
  {
    name: 'conflicts, an overloaded server and one that fails',
    script: [
      { on: 'writes', every: 4, untilMs, fault: { do: 'answer', code: 409, reason: 'Conflict' } },
      { on: 'calls', every: 3, untilMs, fault: { do: 'answer', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 } },
      { on: 'calls', every: 3, untilMs, fault: { do: 'answer', code: 503, reason: 'ServiceUnavailable' } },
    ],
  },
  {
    name: 'watches that break, versions that are gone, and lists of long ago',
    script: [
      { on: ['watch'], untilMs: 2_000, fault: { do: 'cut', afterEvents: 2 } },
      { on: ['watch'], fromMs: 2_000, untilMs: 4_000, fault: expired },
      { on: ['list'], untilMs, fault: { do: 'stale' } },
    ],
  },
  { name: 'a server that is away', script: [{ on: 'all', fromMs: 500, untilMs, fault: { do: 'reset', when: 'before' } }] },
];

describe('an operator and a bad API server that is real', () => {
  let api: HttpKubeApi;
  let proxy: FaultProxy;
  let operator: Child;
  let node: PretendNode;
  let crowd: CoordinatorCrowd;
  let watched: Reflector<XTrinode>;
  let undisturbed: Readonly<Record<string, unknown>>;
  const directory = mkdtempSync(join(tmpdir(), 'real-faults-'));

  before(async () => {
    const cluster = await sharedCluster();
    api = createHttpKubeApi({ kubeconfigPath: cluster.kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
    await prepareForOperator(api, team);
    const parts = { api, clock: systemClock, random: Math.random, log: silentLog };
    crowd = createCoordinatorCrowd();
    node = createPretendNode({ ...parts, addressOf: crowd.addressOf, startMs: 200, readyMs: 500, renewsLease: true });
    await node.start();
    watched = createReflector<XTrinode>({ ...parts, resource: xtrinodes, where: { namespace: team } });
    watched.start();
    await watched.synced;
    const upstream = cluster.kubeconfigFor('operator');
    proxy = await startFaultProxy({ clock: systemClock, upstream, kubeconfigPath: join(directory, 'faulty') });
    const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
    operator = start([
      process.execPath,
      main,
      'operator',
      '--kubeconfig',
      proxy.kubeconfigPath,
      '--webhooks',
      'off',
      '--log-format',
      'text',
    ]);
  });

  after(async () => {
    operator.process.kill('SIGTERM');
    const { code } = await operator.ended;
    watched.stop();
    node.stop();
    crowd.stop();
    await proxy.stop();
    await api.close();
    rmSync(directory, { recursive: true });
    assert.equal(code, 0, operator.notes());
  });

  /** Each run is the same story from nothing to nothing, so that what is there before its end can be compared. */
  async function live(script: FaultScript): Promise<Readonly<Record<string, unknown>>> {
    proxy.begin(script);
    const spec = { size: 's', version: '483', maxWorkers: 2, workers: 2, autoSuspendAfter: 'never', suspended: false };
    await api.create<KubeObject>(xtrinodes, { apiVersion, kind: 'XTrinode', metadata: key, spec } as KubeObject, by);
    await until('two workers', (one) => one?.status?.phase === 'Ready' && one.status.workers === 2);
    const requested = { [annotations.suspendRequested]: 'true', [annotations.suspendRequestedAt]: new Date().toISOString() };
    await api.patch(xtrinodes, key, 'merge', { metadata: { annotations: requested } }, by);
    await until('asleep', (one) => one?.status?.phase === 'Suspended');
    const end = await settled(script);
    await api.remove(xtrinodes, key);
    await until('gone', (one) => one === undefined);
    // Kubernetes' own collector finds out about a new kind of owner after half a minute only.
    while ((await api.get(secrets, { namespace: team, name: internalSecretName(key.name) })) !== undefined) await nextLook();
    return end;
  }

  function until(what: string, isSo: (runtime: XTrinode | undefined) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (error?: Error): void => {
        cancel();
        end();
        if (error === undefined) resolve();
        else reject(error);
      };
      const cancel = systemClock.after(patienceMs, () => {
        const { status } = watched.store.get(`${key.namespace}/${key.name}`) ?? {};
        give(new Error(`${what}: not within ${patienceMs} ms; ${JSON.stringify(status)}\n${operator.notes()}`));
      });
      const look = (): void => {
        if (isSo(watched.store.get(`${key.namespace}/${key.name}`))) give();
      };
      const end = watched.store.subscribe(look);
      look();
    });
  }

  function nextLook(): Promise<void> {
    return new Promise((resolve) => void systemClock.after(500, resolve));
  }

  /** The first state equal to the undisturbed one, or the last one seen. */
  async function settled(script: FaultScript): Promise<Readonly<Record<string, unknown>>> {
    const isFirst = script.length === 0;
    const giveUpAt = systemClock.now() + (isFirst ? 3_000 : patienceMs);
    for (;;) {
      const end = await readObjects(api, team);
      const isOver = systemClock.now() >= giveUpAt;
      if (isOver || (!isFirst && findObjectDifferences(undisturbed, end).length === 0)) return end;
      await nextLook();
    }
  }

  test('the story, undisturbed', { timeout }, async () => {
    undisturbed = await live([]);
    assert.ok(Object.keys(undisturbed).length > 5);
  });

  for (const { name, script } of bad) {
    test(`${name}: the same objects in the end, and no storm of calls`, { timeout }, async () => {
      assert.deepEqual(findObjectDifferences(undisturbed, await live(script)), []);
      assert.ok(proxy.struck() > 0, 'no call has met a fault');
      const [lists, alike] = [mostListsOf(proxy.calls), mostAlikeInAMinute(proxy.calls)];
      assert.ok(lists <= 20 && alike <= 80, `${lists} lists of one resource, ${alike} calls for the same thing`);
    });
  }
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock } from '#core/clock.ts';
import type { Deployment, Node, Pod } from '#core/objects.ts';
import { deployments, events, nodes, pods } from '#kube/resources.ts';
import { createEmbeddedApi } from '../embedded-api.ts';
import type { EmbeddedApi } from '../embedded-api.ts';

const me = { fieldManager: 'test' };
const key = { namespace: 'default', name: 'web' };

function node(name: string, more: Partial<Node> = {}, ready = 'True'): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] }, ...more };
}

function deployment(spec: Partial<Deployment['spec']> = {}, image = 'x:1'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
      ...spec,
    },
  };
}

describe('controllers', () => {
  let embedded: EmbeddedApi;
  let api: EmbeddedApi['api'];
  let nowMs: number;
  let timers: { readonly at: number; readonly task: () => void }[];

  beforeEach(async () => {
    nowMs = Date.UTC(2026, 0, 1);
    timers = [];
    const clock: Clock = {
      now: () => nowMs,
      after(delayMs, task) {
        const timer = { at: nowMs + delayMs, task };
        timers.push(timer);
        return () => void (timers = timers.filter((one) => one !== timer));
      },
    };
    embedded = await createEmbeddedApi({ file: ':memory:', clock, random: Math.random, newUid: randomUUID });
    ({ api } = embedded);
    embedded.startControllers();
  });
  afterEach(() => embedded.stop());

  /** Lets the controllers run until nothing moves. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  async function podsNow(): Promise<readonly Pod[]> {
    return (await api.list<Pod>(pods, { namespace: 'default' })).items;
  }
  async function makeReady(): Promise<void> {
    for (const { metadata } of await podsNow()) {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await api.patch(pods, { namespace: 'default', name: metadata.name }, 'merge', { status }, { ...me, subresource: 'status' });
    }
    await settle();
  }

  it('run a Deployment as Pods that it owns, named after it and its template, and report their readiness', async () => {
    await api.create(deployments, deployment(), me);
    await settle();
    const made = await podsNow();
    assert.equal(made.length, 2);
    assert.ok(
      made.every(
        ({ metadata }) => /^web-[0-9a-f]{10}-[a-z0-9]{5}$/.test(metadata.name) && metadata.ownerReferences?.[0]?.controller === true,
      ),
    );
    await makeReady();
    const { status, metadata } = (await api.get<Deployment>(deployments, key)) ?? deployment();
    assert.deepEqual([status?.replicas, status?.readyReplicas, status?.observedGeneration], [2, 2, metadata.generation]);
    assert.equal(status?.conditions?.find(({ type }) => type === 'Available')?.status, 'True');
  });

  it('replace a Pod that was deleted or has failed', async () => {
    await api.create(deployments, deployment(), me);
    await settle();
    const [first, second] = await podsNow();
    await api.remove(pods, { namespace: 'default', name: first?.metadata.name ?? '' });
    await api.patch(
      pods,
      { namespace: 'default', name: second?.metadata.name ?? '' },
      'merge',
      { status: { phase: 'Failed' } },
      { ...me, subresource: 'status' },
    );
    await settle();
    const now = (await podsNow()).map(({ metadata }) => metadata.name);
    assert.equal(now.length, 2);
    assert.ok(!now.includes(first?.metadata.name ?? '') && !now.includes(second?.metadata.name ?? ''));
  });

  it('let the Pods marked as cheapest go first when scaling in', async () => {
    await api.create(deployments, deployment({ replicas: 3 }), me);
    await settle();
    await makeReady();
    const marked = (await podsNow())[1]?.metadata.name ?? '';
    await api.patch(
      pods,
      { namespace: 'default', name: marked },
      'merge',
      { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-1' } } },
      me,
    );
    await api.patch(deployments, key, 'merge', { spec: { replicas: 2 } }, { ...me, subresource: 'scale' });
    await settle();
    const left = (await podsNow()).map(({ metadata }) => metadata.name);
    assert.ok(left.length === 2 && !left.includes(marked));
  });

  it('keep enough ready Pods during a rolling update', async () => {
    await api.create(deployments, deployment({ replicas: 4 }), me);
    await settle();
    await makeReady();
    await api.apply(deployments, deployment({ replicas: 4 }, 'x:2'), { fieldManager: 'test', force: true });
    await settle();
    const images = async (): Promise<string[]> => (await podsNow()).map(({ spec }) => spec.containers[0]?.image ?? '').sort();
    // 25 % of 4: one more than wanted, one less ready than wanted.
    assert.deepEqual(await images(), ['x:1', 'x:1', 'x:1', 'x:2', 'x:2']);
    await makeReady();
    await makeReady();
    assert.deepEqual(await images(), ['x:2', 'x:2', 'x:2', 'x:2']);
  });

  it('start no new Pod of a Recreate Deployment before the old ones have ended', async () => {
    await api.create(nodes, node('n'), me);
    await api.create(deployments, deployment({ replicas: 1, strategy: { type: 'Recreate' } }), me);
    await settle();
    const [old] = await podsNow();
    await api.apply(deployments, deployment({ replicas: 1, strategy: { type: 'Recreate' } }, 'x:2'), { fieldManager: 'test', force: true });
    await settle();
    assert.deepEqual(
      (await podsNow()).map(({ metadata }) => metadata.name),
      [old?.metadata.name],
    );
    await api.remove(pods, { namespace: 'default', name: old?.metadata.name ?? '' }, { gracePeriodSeconds: 0 });
    await settle();
    assert.deepEqual(
      (await podsNow()).map(({ spec }) => spec.containers[0]?.image),
      ['x:2'],
    );
  });

  it('bind Pods to ready and schedulable nodes only, and say why they cannot', async () => {
    await api.create(nodes, node('down', {}, 'False'), me);
    await api.create(nodes, node('cordoned', { spec: { unschedulable: true } }), me);
    await api.create<Pod>(
      pods,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      me,
    );
    await settle();
    const [waiting] = await podsNow();
    assert.equal(waiting?.spec.nodeName, undefined);
    assert.match(waiting?.status?.conditions?.[0]?.message ?? '', /0\/2 nodes are ready and schedulable/);
    await api.create(nodes, node('good'), me);
    await settle();
    const [bound] = await podsNow();
    assert.equal(bound?.spec.nodeName, 'good');
    assert.deepEqual(
      bound?.status?.conditions?.map(({ type, status }) => [type, status]),
      [['PodScheduled', 'True']],
    );
  });

  it('delete the Pods of a deleted Deployment, unless they shall be orphaned', async () => {
    await api.create(deployments, deployment(), me);
    await settle();
    await api.remove(deployments, key, { propagationPolicy: 'Orphan' });
    await settle();
    assert.deepEqual(
      (await podsNow()).map(({ metadata }) => metadata.ownerReferences),
      [undefined, undefined],
    );
    assert.equal(await api.get(deployments, key), undefined);
    const again = await api.create(deployments, { ...deployment(), metadata: { name: 'other', namespace: 'default' } }, me);
    await settle();
    await api.remove(deployments, { namespace: 'default', name: again.metadata.name });
    await settle();
    assert.equal((await podsNow()).length, 2);
  });

  it('remove a foreground-deleted owner only after what blocks it', async () => {
    await api.create(nodes, node('n'), me);
    await api.create(deployments, deployment({ replicas: 1 }), me);
    await settle();
    await api.remove(deployments, key, { propagationPolicy: 'Foreground' });
    await settle();
    assert.ok((await api.get(deployments, key))?.metadata.deletionTimestamp !== undefined);
    const [pod] = await podsNow();
    assert.ok(pod?.metadata.deletionTimestamp !== undefined);
    await api.remove(pods, { namespace: 'default', name: pod.metadata.name }, { gracePeriodSeconds: 0 });
    await settle();
    assert.deepEqual([await podsNow(), await api.get(deployments, key)], [[], undefined]);
  });

  it('forget events after an hour', async () => {
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'p' },
      reason: 'R',
      message: 'm',
      type: 'Normal' as const,
    };
    await api.create(events, event, me);
    const advance = (ms: number): void => {
      nowMs += ms;
      const due = timers.filter(({ at }) => at <= nowMs);
      timers = timers.filter(({ at }) => at > nowMs);
      due.forEach(({ task }) => task());
    };
    advance(30 * 60_000);
    assert.equal((await api.list(events, {})).items.length, 1);
    advance(31 * 60_000);
    assert.equal((await api.list(events, {})).items.length, 0);
    assert.equal(timers.length, 0);
  });
});

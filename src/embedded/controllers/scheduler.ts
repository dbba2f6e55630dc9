// Gives each Pod without a node the emptiest node that is ready, schedulable and has the labels the Pod asks for. Says in
// the Pod's PodScheduled condition why a Pod stays Pending. It counts no resources: the node advertises what it likes.
import type { KubeObject, Node, Pod } from '#core/objects.ts';
import { storeKey } from '../store.ts';
import { timeText } from '../system-values.ts';
import { createKeyedLoop } from './keyed-loop.ts';
import { contextOf, servedOf } from './parts.ts';
import type { ControllerParts } from './parts.ts';

const PODS = '/pods';
const NODES = '/nodes';

function isUnbound(object: KubeObject): boolean {
  const { metadata, spec, status } = object as Pod;
  return (spec.nodeName ?? '') === '' && metadata.deletionTimestamp === undefined && (status?.phase ?? 'Pending') === 'Pending';
}

function takesPods(node: Node): boolean {
  return (
    node.spec?.unschedulable !== true && (node.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

function hasLabels(node: Node, pod: Pod): boolean {
  return Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value);
}

export function startScheduler(parts: ControllerParts): () => void {
  const { store } = parts;
  const loop = createKeyedLoop({ name: 'scheduler', clock: parts.clock, log: parts.log, work: (key) => schedule(parts, key) });
  const lookAtAll = (): void => {
    for (const pod of store.values(PODS)) {
      if (isUnbound(pod)) {
        loop.look(storeKey(pod.metadata.namespace, pod.metadata.name));
      }
    }
  };
  lookAtAll();
  const unsubscribe = store.subscribe(({ typeId, object, isDeletion }) => {
    if (typeId === PODS && !isDeletion && isUnbound(object)) {
      loop.look(storeKey(object.metadata.namespace, object.metadata.name));
    } else if (typeId === NODES) {
      lookAtAll();
    }
  });
  return () => {
    unsubscribe();
    loop.stop();
  };
}

function schedule(parts: ControllerParts, key: string): void {
  const { store, writes, clock } = parts;
  const pod = store.get(PODS, key) as Pod | undefined;
  const served = servedOf(parts, PODS);
  if (pod === undefined || served === undefined || !isUnbound(pod)) {
    return;
  }
  const { namespace, name } = pod.metadata;
  const nodes = [...store.values(NODES)] as Node[];
  const ready = nodes.filter(takesPods);
  const fitting = ready.filter((node) => hasLabels(node, pod));
  const load = new Map<string, number>();
  for (const other of store.values(PODS)) {
    const node = (other as Pod).spec.nodeName ?? '';
    load.set(node, (load.get(node) ?? 0) + 1);
  }
  const [chosen] = fitting.sort(
    (a, b) => (load.get(a.metadata.name) ?? 0) - (load.get(b.metadata.name) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  const context = contextOf('scheduler');
  if (chosen !== undefined) {
    writes.update(
      { served, namespace, name },
      (current) => ({ ...current, spec: { ...(current['spec'] as object), nodeName: chosen.metadata.name } }),
      context,
    );
  }
  const why =
    nodes.length === 0
      ? 'no nodes are registered'
      : ready.length === 0
        ? `0/${nodes.length} nodes are ready and schedulable`
        : `0/${nodes.length} nodes have the labels of the Pod's nodeSelector`;
  const now = timeText(clock.now());
  const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const status = chosen === undefined ? 'False' : 'True';
  const condition = {
    type: 'PodScheduled',
    status,
    lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
    ...(chosen === undefined ? { reason: 'Unschedulable', message: why } : {}),
  };
  writes.update(
    { served, namespace, name, subresource: 'status' },
    (current) => {
      const before = (current as unknown as Pod).status;
      return {
        ...current,
        status: { ...before, conditions: [...(before?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled'), condition] },
      };
    },
    context,
  );
}

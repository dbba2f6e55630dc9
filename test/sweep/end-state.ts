// What a run left behind, without what differs from run to run by nature: times, addresses, uids, suffixes of Pod names.
import type { CoreEvent, KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import * as resources from '#kube/resources.ts';
import type { World } from './world.ts';

export interface EndState {
  /** Canonical text of every object by kind and name. */
  readonly objects: Readonly<Record<string, unknown>>;
  /** How many Pods of each role and revision were ever started. */
  readonly starts: Readonly<Record<string, number>>;
  readonly routeStates: readonly string[];
  /** Times each event was told, by reason and message. */
  readonly events: Readonly<Record<string, number>>;
}

const compared: readonly Resource[] = [
  resources.configMaps,
  resources.secrets,
  resources.services,
  resources.serviceAccounts,
  resources.deployments,
  resources.pods,
  resources.leases,
  xtrinodes,
  xtrinodeCatalogs,
];

const varying: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/(?:127\.(?:100|211)|10\.96)\.\d+\.\d+/g, 'ADDRESS'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID'],
  // Of a Deployment's Pod: template hash and a random part.
  [/-[0-9a-f]{10}-[a-z0-9]{5}(?=["\\])/g, '-POD'],
  // Of what was applied, the owner's uid included.
  [/(?<=applied-hash":")[0-9a-f]{16}/g, 'HASH'],
  [/\b[cb]\d{4}\b/g, 'COORDINATOR'],
];

function normalise(object: KubeObject): unknown {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = object.metadata;
  const isSecret = object.kind === 'Secret';
  const lasting = { ...object, metadata, ...(isSecret ? { data: 'SECRET' } : {}) };
  const text = varying.reduce((before, [pattern, name]) => before.replaceAll(pattern, name), JSON.stringify(lasting));
  return JSON.parse(text);
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Canonical text of every object that XTrinode has to do with, by kind and name. */
export async function readObjects(api: KubeApi, namespace?: string): Promise<Readonly<Record<string, unknown>>> {
  const objects: Record<string, unknown> = {};
  for (const resource of compared) {
    const { items } = await api.list<KubeObject>(resource, namespace === undefined ? {} : { namespace });
    items.forEach((object, index) => {
      const { namespace: home = '', name } = object.metadata;
      // Pods of one Deployment differ by a random suffix only, and come in the order of their names.
      const key = resource.kind === 'Pod' ? `${name.replace(/-[a-z0-9]{5}$/, '')} ${index}` : name;
      objects[`${resource.kind} ${home}/${key}`] = normalise(object);
    });
  }
  return objects;
}

export async function readEndState({ api, node, routeStates }: World): Promise<EndState> {
  const { items } = await api.list<CoreEvent>(resources.events, {});
  return {
    objects: await readObjects(api),
    starts: countBy(node.started.map((labels) => `${labels['app.kubernetes.io/component']} ${labels['xtrinode.io/revision']}`)),
    routeStates: [...routeStates],
    events: Object.fromEntries(items.map(({ reason, message, count = 1 }) => [`${reason}: ${message}`, count])),
  };
}

// Which fields a selector may ask for, by kind, in the words of Kubernetes for all others. Source: the field label conversions of
// k8s.io/kubernetes. Pure.
import { matchesFields, parseFieldSelector, textAt } from '#core/selector.ts';
import { badRequest } from './refusals.ts';
import type { Served } from './registry.ts';

const OF_ALL = ['metadata.name', 'metadata.namespace'];

/** Beside those of all kinds. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  Namespace: ['name', 'status.phase'],
  Node: ['spec.unschedulable'],
  Pod: [
    'spec.hostNetwork',
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.nominatedNodeName',
    'status.phase',
    'status.podIP',
    'status.podIPs',
  ],
  Secret: ['type'],
  Service: ['spec.clusterIP', 'spec.type'],
  Event: [
    ...['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid'].map((name) => `involvedObject.${name}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** Fields that are called otherwise in the object. */
const PATHS: Readonly<Record<string, string>> = { name: 'metadata.name', source: 'source.component' };
/** What Go says where the object says nothing. */
const ABSENT: Readonly<Record<string, string>> = { 'spec.unschedulable': 'false', 'spec.hostNetwork': 'false' };

function valueOf(object: unknown, path: string): string {
  return textAt(object, PATHS[path] ?? path) || (ABSENT[path] ?? '');
}

/** Throws SelectorError when it cannot be read, 400 when the kind has no such field to select by. */
export function fieldSelection({ type, version }: Served, text: string): (object: unknown) => boolean {
  const own = type.isCustom ? version.selectableFields : BUILT_IN[type.kind];
  const requirements = parseFieldSelector(text);
  for (const { path } of requirements) {
    if (!OF_ALL.includes(path) && own?.includes(path) !== true) {
      // kinds that nobody taught more than the name have words of their own
      throw badRequest(
        own === undefined
          ? `"${path}" is not a known field selector: only ${OF_ALL.map((name) => `"${name}"`).join(', ')}`
          : `field label not supported: ${path}`,
      );
    }
  }
  return (object) => matchesFields(requirements, object, valueOf);
}

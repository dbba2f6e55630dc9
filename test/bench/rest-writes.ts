// A picture of every object of an API by its resourceVersion, so that two pictures show every write between them.
import type { KubeObject } from '../../src/core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '../../src/apis/v1/resources.ts';
import type { KubeApi } from '../../src/kube/port.ts';
import * as resources from '../../src/kube/resources.ts';

/** Leases are renewed on purpose (leader, node), and a Lease of demand only exists while somebody waits. */
const { apiVersionOf: _format, leases: _renewed, podDisruptionBudgets: _later, networkPolicies: _too, ...watched } = resources;

export async function listEverything(api: KubeApi): Promise<{ readonly objects: Map<string, string>; readonly resources: number }> {
  const all = [...Object.values(watched), xtrinodes, xtrinodeCatalogs];
  const objects = new Map<string, string>();
  for (const resource of all) {
    for (const { metadata } of (await api.list<KubeObject>(resource, {})).items) {
      objects.set(`${resource.plural} ${metadata.namespace ?? ''}/${metadata.name}`, metadata.resourceVersion ?? '');
    }
  }
  return { objects, resources: all.length };
}

// Every object of the API with its resourceVersion: what "no write" is measured by. Leases of nodes, gateways
// and the leader are heartbeats and apart.
import type { KubeObject } from '#core/objects.ts';
import { gatewayNamespace } from '#apis/v1/resources.ts';
import { operatorLeaseName } from '#rbac/permissions.ts';
import type { Up } from './up.ts';

/** `kind/namespace/name` -> resourceVersion. */
export async function readVersions(up: Up): Promise<Readonly<Record<string, string>>> {
  const kinds = (await up.kubectl('api-resources', '--verbs=list', '-o', 'name')).out.trim().split('\n').join(',');
  const { out, notes } = await up.kubectl('get', kinds, '-A', '-o', 'json');
  if (out === '') throw new Error(notes);
  const { items } = JSON.parse(out) as { items: readonly KubeObject[] };
  const isHeartbeat = ({ kind, metadata: { namespace, name } }: KubeObject): boolean =>
    kind === 'Lease' && (namespace === 'kube-node-lease' || namespace === gatewayNamespace || name === operatorLeaseName);
  const counted = items.filter((object) => !isHeartbeat(object));
  return Object.fromEntries(
    counted.map(({ kind, metadata: { namespace = '', name, resourceVersion = '' } }) => [`${kind}/${namespace}/${name}`, resourceVersion]),
  );
}

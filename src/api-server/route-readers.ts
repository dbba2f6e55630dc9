// One Lease per gateway: that it lives, and how far it has followed the route table. Gateways have no write access to Kubernetes and
// say it here. Shell.
import type { Clock } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { gatewayNamespace } from '#apis/v1/resources.ts';
import { leaseOfRouteReader, routeReaderLabel, routeReaderLeaseName } from '#apis/v1/route-reader.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';

export interface RouteReaders {
  /** `appliedVersion`: resourceVersion of the newest change of the table that this gateway acts on. */
  report(gateway: string, appliedVersion: string): Promise<void>;
  /** This gateway takes no statements any more. */
  end(gateway: string): Promise<void>;
}

const fieldManager = 'xtrinode-api-server';
/** Of a gateway that was killed: it has been without effect for long. */
const removeAfterMs = 10 * 60_000;

export function createRouteReaders(api: KubeApi, clock: Clock): RouteReaders {
  const known = new Set<string>();

  /** Each start of a gateway has a name of its own, so that what killed ones left would grow for ever. */
  async function removeLeft(): Promise<void> {
    const { items } = await api.list<Lease>(leases, { namespace: gatewayNamespace, labelSelector: routeReaderLabel });
    for (const { metadata, spec } of items) {
      const isLeft = Date.parse(spec.renewTime ?? '') + removeAfterMs < clock.now();
      if (isLeft) await api.remove(leases, { namespace: gatewayNamespace, name: metadata.name });
    }
  }

  return {
    async report(gateway, appliedVersion) {
      await api.apply(leases, leaseOfRouteReader(gateway, appliedVersion, clock.now()), { fieldManager, force: true });
      if (known.has(gateway)) return;
      known.add(gateway);
      await removeLeft();
    },
    async end(gateway) {
      known.delete(gateway);
      await api.remove(leases, { namespace: gatewayNamespace, name: routeReaderLeaseName(gateway) });
    },
  };
}

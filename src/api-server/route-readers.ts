// One Lease per gateway: that it lives, and how far it has followed the route table. Gateways have no write access to Kubernetes and
// say it here. Shell.
import type { Clock } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { gatewayNamespace } from '#apis/v1/resources.ts';
import {
  leaseOfRouteReader,
  routeReaderLabel,
  routeReaderLeaseName,
  routeReaderOf,
  runningAnnotation,
  runningOf,
} from '#apis/v1/route-reader.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';

export interface RouteReaders {
  /** `appliedVersion`: resourceVersion of the newest change of the table that this gateway acts on. */
  report(gateway: string, appliedVersion: string): Promise<void>;
  /** How many queries run through it on runtimes with a bound; fulfilled with the same of all that live. */
  running(gateway: string, running: Readonly<Record<string, number>>): Promise<readonly GatewayRunning[]>;
  /** This gateway takes no statements any more. */
  end(gateway: string): Promise<void>;
}

export interface GatewayRunning {
  readonly gateway: string;
  readonly running: Readonly<Record<string, number>>;
}

const fieldManager = 'xtrinode-api-server';
/** Of the one annotation that is written more often. */
const runningManager = 'xtrinode-api-server-running';
const leaseIdentity = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
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
    async running(gateway, running) {
      const name = routeReaderLeaseName(gateway);
      const text = JSON.stringify(running);
      const { items } = await api.list<Lease>(leases, { namespace: gatewayNamespace, labelSelector: routeReaderLabel });
      const own = items.find(({ metadata }) => metadata.name === name);
      // Without a Lease it does not live: it has just stopped, or not yet begun.
      if (own !== undefined && own.metadata.annotations?.[runningAnnotation] !== text) {
        const metadata = { name, namespace: gatewayNamespace, annotations: { [runningAnnotation]: text } };
        await api.apply(leases, { ...leaseIdentity, metadata }, { fieldManager: runningManager, force: true });
      }
      return items.flatMap((lease) => {
        const reader = routeReaderOf(lease);
        return reader === undefined || reader.endsAt < clock.now() ? [] : [{ gateway: reader.gateway, running: runningOf(lease) }];
      });
    },
    async end(gateway) {
      known.delete(gateway);
      await api.remove(leases, { namespace: gatewayNamespace, name: routeReaderLeaseName(gateway) });
    },
  };
}

// The controllers that `up` needs of a control plane, all fed by the changes of the store.
import { startDefinitions } from './definitions.ts';
import { startDeployments } from './deployments.ts';
import { startEventExpiry } from './event-expiry.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { startNamespaces } from './namespaces.ts';
import type { ControllerParts } from './parts.ts';
import { startScheduler } from './scheduler.ts';

/** Returns what stops them all. */
export function startControllers(parts: ControllerParts): () => void {
  const stops = [
    startDeployments(parts),
    startScheduler(parts),
    startGarbageCollector(parts),
    startNamespaces(parts),
    startDefinitions(parts),
    startEventExpiry(parts),
  ];
  return () => stops.forEach((stop) => stop());
}

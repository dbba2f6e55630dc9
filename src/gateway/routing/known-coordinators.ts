// Whose query is this? First the route table knows, then what the coordinators' own answers taught, which is newer when one
// has just restarted and fuller when the table lacks an id or two coordinators share one. Bounded; oldest first out.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { coordinatorIdOf } from '#trino/protocol/query-id.ts';
import { keyOfEntry, type RouteTable } from './route-table.ts';

/** `entry`: where to send it now. `runtime` alone: it was there, but that coordinator is not reachable any more. */
export interface QueryOwner {
  readonly runtime: string;
  readonly entry?: RouteEntry;
}

export interface KnownCoordinators {
  learn(table: RouteTable): void;
  /** A coordinator gave this id to a statement. */
  learnAnswer(queryId: string, entry: RouteEntry): void;
  /** Undefined when nobody here ever heard of its coordinator; never a guess. */
  ownerOf(queryId: string): QueryOwner | undefined;
  /** The same by the coordinator's id alone; undefined also where two coordinators share it. */
  ownerOfCoordinator(coordinatorId: string): QueryOwner | undefined;
}

interface Known {
  readonly runtime: string;
  readonly coordinatorUrl: string | undefined;
  readonly instance: string | undefined;
}

const maxKnown = 10_000;

function remember(map: Map<string, Known>, key: string, entry: RouteEntry): void {
  map.delete(key);
  map.set(key, { runtime: keyOfEntry(entry), coordinatorUrl: entry.coordinatorUrl, instance: entry.instance });
  const oldest = map.size > maxKnown ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}

export function createKnownCoordinators(table: () => RouteTable): KnownCoordinators {
  const byCoordinator = new Map<string, Known>();
  /** Only where the coordinator's id does not tell. */
  const byQuery = new Map<string, Known>();

  function ownerNow(known: Known | undefined): QueryOwner | undefined {
    if (known === undefined) return undefined;
    const { runtime, coordinatorUrl, instance } = known;
    const entry = table().byKey.get(runtime);
    const isSame = entry?.coordinatorUrl !== undefined && entry.coordinatorUrl === coordinatorUrl && entry.instance === instance;
    return isSame ? { runtime, entry } : { runtime };
  }

  function ownerOfCoordinator(id: string): QueryOwner | undefined {
    if (table().sharedCoordinatorIds.has(id)) return undefined;
    const entry = table().byCoordinatorId.get(id);
    if (entry?.coordinatorUrl !== undefined) return { runtime: keyOfEntry(entry), entry };
    return ownerNow(byCoordinator.get(id));
  }

  return {
    learn(next) {
      for (const [id, entry] of next.byCoordinatorId) remember(byCoordinator, id, entry);
    },
    learnAnswer(queryId, entry) {
      const id = coordinatorIdOf(queryId);
      if (id === undefined) return;
      if (table().sharedCoordinatorIds.has(id)) remember(byQuery, queryId, entry);
      else if (!table().byCoordinatorId.has(id)) remember(byCoordinator, id, entry);
    },
    ownerOf(queryId) {
      const id = coordinatorIdOf(queryId);
      if (id === undefined) return undefined;
      return table().sharedCoordinatorIds.has(id) ? ownerNow(byQuery.get(queryId)) : ownerOfCoordinator(id);
    },
    ownerOfCoordinator,
  };
}

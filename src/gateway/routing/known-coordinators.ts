// Remembers which runtime a coordinator id belonged to after the id is gone from the route table, so that a query that was
// lost with its coordinator gets an explanation instead of a 404. Bounded; oldest first out.
import type { RouteTable } from './route-table.ts';
import { keyOfEntry } from './route-table.ts';

export interface KnownCoordinators {
  learn(table: RouteTable): void;
  /** `namespace/name` */
  runtimeOf(coordinatorId: string): string | undefined;
}

const maxKnown = 10_000;

export function createKnownCoordinators(): KnownCoordinators {
  const known = new Map<string, string>();
  return {
    learn(table) {
      for (const [id, entry] of table.byCoordinatorId) {
        known.delete(id);
        known.set(id, keyOfEntry(entry));
      }
      for (const id of known.keys()) {
        if (known.size <= maxKnown) break;
        known.delete(id);
      }
    },
    runtimeOf: (coordinatorId) => known.get(coordinatorId),
  };
}

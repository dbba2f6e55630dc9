// The real query of a held id. Where another replica handed it over, its mark at the coordinators of the runtime that the asker
// has chosen tells (hold/marked-queries.ts); an id alone does not say whose it is.
import type { RequestContext } from './context.ts';
import type { Alias } from './hold/endings.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import type { MarkedQueries } from './hold/marked-queries.ts';
import { findRequestRoute } from './routing/request-route.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';

export interface Aliases {
  /** Undefined while the statement waits, and for an id that nobody knows. */
  resolve(context: RequestContext, heldId: string): Promise<Alias | undefined>;
}

export interface AliasesInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly marked: MarkedQueries;
}

export function createAliases({ table, queue, marked }: AliasesInit): Aliases {
  return {
    async resolve(context, heldId) {
      const alias = queue.realIdOf(heldId);
      if (alias !== undefined) return alias;
      // Also when it is held here: its client may have polled another replica since.
      const route = findRequestRoute(table(), context);
      for (const entry of 'code' in route ? [] : route.members) {
        const realId = await marked.find(entry, heldId, context);
        if (realId !== undefined) return queue.learnAlias(heldId, { runtime: keyOfEntry(entry), realId, hasBegun: true });
      }
      return undefined;
    },
  };
}

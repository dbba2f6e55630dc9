// What became of statements that are held no more, for a client that comes back to its held address or id: an alias of the real
// query, or the end it was told. Bounded; the oldest are forgotten first.
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';

export interface Alias {
  readonly runtime: string;
  readonly realId: string;
  /** Whether its first GET went through this replica: then no other replica's query can be the one that runs. */
  readonly hasBegun: boolean;
}

export interface Endings {
  /** The client knows the held id and keeps it: it must stay good for as long as the real query may live. */
  handedOver(heldId: string, alias: Alias): void;
  ended(heldId: string, failure: TrinoFailure): void;
  /** Its query will not run: it waits again. */
  forget(heldId: string): void;
  aliasOf(heldId: string): Alias | undefined;
  /** The error that a page of it is answered with from now on. */
  failureOf(heldId: string): TrinoFailure | undefined;
}

const maxEndings = 10_000;

export const canceled: TrinoFailure = { name: 'USER_CANCELED', message: 'the query was cancelled while it waited' };
export const abandoned: TrinoFailure = {
  name: 'ABANDONED_QUERY',
  message: 'the query waited for its runtime, and nobody asked for it for five minutes: run it again',
};

export function createEndings(): Endings {
  const endings = new Map<string, Alias | TrinoFailure>();

  function set(heldId: string, ending: Alias | TrinoFailure): void {
    endings.delete(heldId);
    endings.set(heldId, ending);
    const oldest = endings.size > maxEndings ? endings.keys().next().value : undefined;
    if (oldest !== undefined) endings.delete(oldest);
  }

  return {
    handedOver: set,
    ended: set,
    forget: (heldId) => void endings.delete(heldId),
    aliasOf(heldId) {
      const ending = endings.get(heldId);
      return ending !== undefined && 'realId' in ending ? ending : undefined;
    },
    failureOf(heldId) {
      const ending = endings.get(heldId);
      if (ending === undefined) return undefined;
      // The page that named the real query was kept as long as Trino keeps a query that nobody follows.
      return 'realId' in ending ? abandoned : ending;
    },
  };
}

// Queries that this gateway passes on, by runtime: from the hand-over to a cancel, or until nobody asks for their next page. Which
// of several runtimes has the least to do is judged by it; a query that goes on through another gateway counts there.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface RunningQueries {
  /** It was handed over, or a page of it was asked for here. */
  seen(queryId: string, runtime: string): void;
  ended(queryId: string): void;
  countOf(runtime: string): number;
}

/** A client asks for the next page at once, and Trino answers within a second; longer is a client that reads, or one that is done. */
const silentMs = 10_000;
const maxQueries = 100_000;

/** An id that was cut out of a request would keep the whole head of that request in memory. */
function copyOf(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1');
}

export function createRunningQueries(clock: Clock): RunningQueries {
  /** Oldest sight first. */
  const queries = new Map<string, { readonly id: string; readonly runtime: string; readonly seenAt: EpochMs }>();
  const counts = new Map<string, number>();

  function ended(queryId: string): void {
    const query = queries.get(queryId);
    if (query === undefined) return;
    queries.delete(queryId);
    const left = (counts.get(query.runtime) ?? 1) - 1;
    if (left > 0) counts.set(query.runtime, left);
    else counts.delete(query.runtime);
  }

  function forgetSilent(): void {
    for (const [queryId, { seenAt }] of queries) {
      if (queries.size <= maxQueries && clock.now() - seenAt < silentMs) return;
      ended(queryId);
    }
  }

  return {
    seen(queryId, runtime) {
      const id = queries.get(queryId)?.id ?? copyOf(queryId);
      ended(queryId);
      queries.set(id, { id, runtime, seenAt: clock.now() });
      counts.set(runtime, (counts.get(runtime) ?? 0) + 1);
      forgetSilent();
    },
    ended,
    countOf(runtime) {
      forgetSilent();
      return counts.get(runtime) ?? 0;
    },
  };
}

// Queries that this gateway passes on, by runtime: from the hand-over to their last page, a cancel, or until nobody asks for their
// next page. How full a runtime is, is judged by it.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import type { AnswerHead } from './http/answer-head.ts';
import { copyOf } from './http/fields.ts';
import { PageStart } from './page-start.ts';
import { beginTrail, comesBack, follow, type Trail } from './trail.ts';

/** One page on its way to the client. */
export interface PageWatch {
  begin(head: AnswerHead): void;
  /** Bytes of its body; false when no more need to be told. */
  take(slice: Buffer): boolean;
  /** The request is over, whatever came of it. */
  close(): void;
}

export interface RunningQueries {
  /** It was handed over, or goes on here. */
  seen(queryId: string, runtime: string): void;
  /** Page number `page` of it is asked for here. */
  asked(queryId: string, runtime: string, page: number): PageWatch;
  ended(queryId: string): void;
  /** All that may be running, those too that a client goes on with through other gateways in turn. */
  countOf(runtime: string): number;
  /** Those that count here and at no other gateway, as far as one alone can tell: sums over gateways are true. */
  shareOf(runtime: string): number;
}

export interface RunningQueriesInit {
  readonly clock: Clock;
  /** Whether somebody waits for a query of the runtime to end: then its end is looked for at once, else when it is asked for. */
  readonly isAwaited: (runtime: string) => boolean;
  readonly onEnded: (runtime: string) => void;
}

interface Running {
  readonly id: string;
  readonly runtime: string;
  readonly trail: Trail;
  seenAt: EpochMs;
  /** Requests for its pages that are being answered. */
  open: number;
  /** Of the page that went last, until it has been looked at. */
  start: PageStart | undefined;
}

/** No client pauses longer between two pages (Go: 15 s), unless it reads, or is gone. */
const silentMs = 20_000;
const maxQueries = 100_000;
const lookPauseMs = 1_000;

/** Asked for every page: names of another length are not looked at. */
function codingOf(headers: HeaderPairs): string | undefined {
  return headers.find(([name]) => name.length === 16 && name.toLowerCase() === 'content-encoding')?.[1];
}

export function createRunningQueries({ clock, isAwaited, onEnded }: RunningQueriesInit): RunningQueries {
  const queries = new Map<string, Running>();
  const byRuntime = new Map<string, Set<Running>>();
  let lookedAt: EpochMs = 0;

  function end(query: Running): void {
    // It may have ended before, and been asked for again since: what is there now is another one.
    if (queries.get(query.id) !== query) return;
    queries.delete(query.id);
    const others = byRuntime.get(query.runtime);
    others?.delete(query);
    if (others?.size === 0) byRuntime.delete(query.runtime);
    onEnded(query.runtime);
  }

  /** Looks at all of them, so only now and then. */
  function forgetSilent(): void {
    const now = clock.now();
    if (now - lookedAt < lookPauseMs) return;
    lookedAt = now;
    for (const query of queries.values()) {
      // A client that reads a long page slowly is there.
      if (query.open === 0 && now - query.seenAt >= silentMs) end(query);
    }
  }

  function see(queryId: string, runtime: string, firstPage?: number): Running {
    let query = queries.get(queryId);
    if (query === undefined) {
      // An id that was cut out of a request would keep the whole line of that request in memory.
      query = { id: copyOf(queryId), runtime, trail: beginTrail(firstPage), seenAt: 0, open: 0, start: undefined };
      let others = byRuntime.get(runtime);
      if (others === undefined) byRuntime.set(runtime, (others = new Set()));
      others.add(query);
      queries.set(query.id, query);
      const oldest = queries.size > maxQueries ? queries.values().next().value : undefined;
      if (oldest !== undefined) end(oldest);
    }
    query.seenAt = clock.now();
    forgetSilent();
    return query;
  }

  /** Whether its last page has gone. */
  function look(query: Running): void {
    const { start } = query;
    query.start = undefined;
    if (start?.hasNext() === false) end(query);
  }

  class Watch implements PageWatch {
    readonly #query: Running;

    constructor(query: Running) {
      this.#query = query;
    }

    begin({ status, headers }: AnswerHead): void {
      if (status === 404) end(this.#query);
      else if (status === 200) this.#query.start = new PageStart(codingOf(headers));
    }

    take(slice: Buffer): boolean {
      const { start } = this.#query;
      if (start?.take(slice) === true) return true;
      if (start?.isPacked === false || isAwaited(this.#query.runtime)) look(this.#query);
      return false;
    }

    close(): void {
      const query = this.#query;
      query.open -= 1;
      query.seenAt = clock.now();
      // Shorter than what is looked at: all of it has come.
      if (query.start !== undefined && isAwaited(query.runtime)) look(query);
    }
  }

  function countOf(runtime: string): number {
    forgetSilent();
    for (const query of [...(byRuntime.get(runtime) ?? [])]) if (query.start !== undefined && query.open === 0) look(query);
    return byRuntime.get(runtime)?.size ?? 0;
  }

  return {
    seen: (queryId, runtime) => void see(queryId, runtime, 1),
    asked(queryId, runtime, page) {
      const query = see(queryId, runtime);
      follow(query.trail, page);
      query.open += 1;
      query.start = undefined;
      return new Watch(query);
    },
    ended(queryId) {
      const query = queries.get(queryId);
      if (query !== undefined) end(query);
    },
    countOf,
    shareOf(runtime) {
      let share = countOf(runtime);
      const now = clock.now();
      for (const { open, trail, seenAt } of byRuntime.get(runtime) ?? []) if (open === 0 && !comesBack(trail, now - seenAt)) share -= 1;
      return share;
    },
  };
}

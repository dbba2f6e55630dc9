// Hands waiting statements over: one submission at a time per statement, one try at a time per coordinator that turned
// somebody away. Knows nothing of clients; who waits is woken through the queue (trino-protocol 7.5). Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import type { Log } from '#observe/log.ts';
import type { CoordinatorHealth } from '../health/coordinator-health.ts';
import type { Proofs } from '../proofs.ts';
import type { KnownCoordinators } from '../routing/known-coordinators.ts';
import type { GatewayCounts } from '../records/counts.ts';
import { addressedTo, prefixOf } from '../routing/request-route.ts';
import type { RouteTable } from '../routing/route-table.ts';
import { traceIdOf } from '../records/trace-context.ts';
import type { RunningQueries } from '../running-queries.ts';
import type { CoordinatorClient } from '../upstream/coordinator-client.ts';
import { submitStatement, type Submission, type SubmissionResult } from './hand-over.ts';
import type { HeldStatement, Outcome } from './held-statement.ts';
import type { HoldQueue } from './hold-queue.ts';
import type { Places } from './places.ts';
import type { Turnstile } from './turnstile.ts';

export interface Submitter {
  /** Begins to hand a HELD statement over, when it is its turn; else it is told when to look again. */
  submit(held: HeldStatement, entry: RouteEntry): void;
  /** The end of the wait without a query. */
  fail(held: HeldStatement, failure: TrinoFailure): void;
  /** By the client's wish, in any state; a query that runs already is cancelled at its coordinator. */
  cancel(held: HeldStatement): void;
}

export interface SubmitterInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly turnstile: Turnstile;
  readonly places: Pick<Places, 'take' | 'left'>;
  readonly running: Pick<RunningQueries, 'seen'>;
  readonly known: KnownCoordinators;
  readonly proofs: Proofs;
  readonly health: Pick<CoordinatorHealth, 'onEjected'>;
  readonly client: CoordinatorClient;
  readonly counts: GatewayCounts;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Whether a statement that was handed over may be submitted again while its query has not begun: false when other replicas
   * serve the same clients, since the first GET may have gone through any of them.
   */
  readonly isOnlyReplica: boolean;
}

const cancelTimeoutMs = 10_000;

export function createSubmitter(init: SubmitterInit): Submitter {
  const { table, queue, turnstile, places, running, known, proofs, health, client, counts, log, isOnlyReplica, clock } = init;

  function cancelAtCoordinator(held: HeldStatement, { coordinatorUrl, nextUri, realId }: Outcome): void {
    if (nextUri === undefined) return;
    const { pathname, search } = new URL(nextUri);
    const path = pathname.slice(prefixOf(pathname).length);
    const signal = AbortSignal.timeout(cancelTimeoutMs);
    const call = {
      baseUrl: coordinatorUrl,
      method: 'DELETE',
      path: `${path}${search}`,
      lines: '',
      signal,
      headTimeoutMs: cancelTimeoutMs,
    };
    client
      .exchange(call)
      .catch((error: unknown) =>
        log.warn('a cancelled query may still run', { id: held.id, queryId: realId, runtime: held.runtime, error }),
      );
  }

  function fail(held: HeldStatement, failure: TrinoFailure): void {
    held.state = 'FAILED';
    held.failure = failure;
    counts.failed(held.runtime, failure.name);
    log.info('a waiting statement failed', {
      id: held.id,
      runtime: held.runtime,
      traceId: traceIdOf(held.headers),
      error: failure.name,
      message: failure.message,
    });
    queue.wake(held);
  }

  function accept(held: HeldStatement, entry: RouteEntry, outcome: Outcome, beganAt: EpochMs): void {
    turnstilePassed(held.runtime);
    if (outcome.realId !== undefined) known.learnAnswer(outcome.realId, entry);
    if (held.state === 'CANCELED') return cancelAtCoordinator(held, outcome);
    const now = clock.now();
    counts.handedOver(held.runtime, now - held.arrivedAt, now - beganAt);
    log.info('handed over', {
      id: held.id,
      queryId: outcome.realId,
      runtime: held.runtime,
      waitedMs: now - held.arrivedAt,
      traceId: traceIdOf(held.headers),
    });
    if (outcome.realId !== undefined && outcome.nextUri !== undefined) running.seen(outcome.realId, held.runtime);
    queue.handOver(held, outcome, isOnlyReplica);
  }

  function turnstilePassed(runtime: string): void {
    if (!turnstile.isShut(runtime)) return;
    turnstile.passed(runtime);
    queue.notify([runtime]);
  }

  /** Another process answers than the one that is proven: what it has registered is asked for by nobody and never runs. */
  function holdBack(held: HeldStatement, entry: RouteEntry, { realId = '' }: Outcome): void {
    turnstilePassed(held.runtime);
    log.info('a coordinator that is not proven took a statement; it waits on', { id: held.id, queryId: realId, runtime: held.runtime });
    proofs.prove(entry, realId);
    held.state = 'HELD';
    queue.wake(held);
  }

  function take(held: HeldStatement, entry: RouteEntry, done: SubmissionResult, beganAt: EpochMs): void {
    if (done.result === 'accepted' && held.state !== 'CANCELED' && !proofs.isProven(entry, done.outcome.realId))
      return holdBack(held, entry, done.outcome);
    if (done.result === 'accepted') return accept(held, entry, done.outcome, beganAt);
    let isShutNow = false;
    if (done.result === 'not-now') {
      isShutNow = turnstile.turnedAway(held.runtime);
      log.info('a coordinator did not take a statement; it waits on', { id: held.id, runtime: held.runtime, why: done.why });
    } else turnstilePassed(held.runtime);
    if (held.state === 'CANCELED') return;
    if (done.result === 'failed') return fail(held, done.failure);
    held.state = done.result === 'refused' ? 'REFUSED' : 'HELD';
    if (done.result === 'refused') {
      held.outcome = done.outcome;
      counts.of(held.runtime).refused += 1;
    }
    queue.wake(held);
    // The others may go elsewhere: once, not for each of a thousand that come back together.
    if (isShutNow) queue.notify([held.runtime]);
  }

  /** Nobody waits for a coordinator that does not answer anybody: what it may have taken is never followed, and never runs. */
  async function submitTo(entry: RouteEntry, submission: Submission): Promise<SubmissionResult> {
    const leaving = new AbortController();
    const endWatch = health.onEjected(entry.coordinatorUrl ?? '', () => leaving.abort());
    try {
      const done = await submitStatement(client, entry, submission, leaving.signal);
      return leaving.signal.aborted && done.result === 'not-now' ? { result: 'not-now', why: 'the coordinator does not answer' } : done;
    } finally {
      endWatch();
    }
  }

  async function run(held: HeldStatement, entry: RouteEntry): Promise<void> {
    const { headers, body, origin, freshAuthorization } = held;
    const forwarded = addressedTo(table(), held.forwarded, entry);
    const submission = {
      headers,
      body,
      forwarded,
      origin,
      heldId: held.id,
      ...(freshAuthorization === undefined ? {} : { authorization: freshAuthorization }),
    };
    const beganAt = clock.now();
    try {
      take(held, entry, await submitTo(entry, submission), beganAt);
    } catch (error) {
      log.error('a submission failed inside the gateway', { id: held.id, runtime: held.runtime, error });
      turnstilePassed(held.runtime);
      if (held.state !== 'CANCELED')
        fail(held, { name: 'GENERIC_INTERNAL_ERROR', message: 'the gateway failed to hand the statement over; its log says why' });
    } finally {
      places.left(held.runtime);
    }
  }

  return {
    submit(held, entry) {
      if (proofs.isUnderWay(held.runtime) || turnstile.waitMs(held.runtime) > 0 || !places.take(held)) return;
      turnstile.began(held.runtime);
      held.state = 'SUBMITTING';
      void run(held, entry);
    },
    fail,
    cancel(held) {
      if (held.state === 'FAILED' || held.state === 'CANCELED') return;
      const { outcome } = held;
      const wasHandedOver = held.state === 'HANDED_OVER';
      if (!wasHandedOver) {
        held.state = 'CANCELED';
        counts.of(held.runtime).canceled += 1;
      }
      if (wasHandedOver && outcome !== undefined) {
        cancelAtCoordinator(held, outcome);
        queue.begun(held);
      }
      queue.wake(held);
    },
  };
}

// One statement that waits for its runtime, and what may happen to it (trino-protocol 7.5). Plain data and pure questions.
import type { EpochMs } from '#core/clock.ts';
import type { ForwardedFor, HeaderPairs } from '#trino/protocol/headers.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import type { SmallAnswer } from '../upstream/coordinator-client.ts';

export type HeldState = 'HELD' | 'SUBMITTING' | 'HANDED_OVER' | 'FAILED' | 'CANCELED';

export interface HeldStatement {
  readonly id: string;
  /** `namespace/name` of the runtime. */
  readonly runtime: string;
  readonly user: string;
  readonly arrivedAt: EpochMs;
  readonly patienceMs: number;
  /** As the POST carried them: a poll's own headers may lack the user (Go). */
  readonly headers: HeaderPairs;
  readonly body: Buffer;
  readonly forwarded: ForwardedFor;
  /** Scheme and authority under which the client knows the gateway. */
  readonly origin: string;
  state: HeldState;
  /** Newest token given out; the client asks for it or repeats the one before. */
  token: number;
  lastSeenAt: EpochMs;
  /** Requests of the client that wait right now. */
  waiting: number;
  /** Set when SUBMITTING ends well: replayed to every repetition. */
  handedOver?: { readonly answer: SmallAnswer; readonly realId: string | undefined; readonly nextUri: string | undefined };
  failure?: TrinoFailure;
  /** Authorization of the newest poll, preferred at submission because tokens expire. */
  freshAuthorization?: string;
}

/** Without a poll for this long nobody waits any more: longer than the pause of any client between polls (Go: 15 s). */
export const waitingGraceMs = 25_000;
/** As Trino's query.client.timeout. */
export const abandonedAfterMs = 5 * 60_000;

export function isWaiting(held: HeldStatement, now: EpochMs): boolean {
  return (held.state === 'HELD' || held.state === 'SUBMITTING') && (held.waiting > 0 || now - held.lastSeenAt < waitingGraceMs);
}

export function isAbandoned(held: HeldStatement, now: EpochMs): boolean {
  return held.waiting === 0 && now - held.lastSeenAt >= abandonedAfterMs;
}

/** Rough size in memory, in bytes. */
export function sizeOf(held: HeldStatement): number {
  const headers = held.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return 1_024 + held.body.length + headers + (held.handedOver?.answer.body.length ?? 0);
}

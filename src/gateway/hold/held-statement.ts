// One statement that waits for its runtime, and what may happen to it (trino-protocol 7.5). Plain data and pure questions.
import type { EpochMs } from '#core/clock.ts';
import type { ForwardedFor, HeaderPairs } from '#trino/protocol/headers.ts';
import type { TrinoFailure } from '#trino/protocol/synthetic-page.ts';
import type { Cancellation } from '../http/departure.ts';
import type { Trail } from '../trail.ts';
import type { SmallAnswer } from '../upstream/coordinator-client.ts';
import type { Placed } from './bag.ts';
import type { Timed } from './deadlines.ts';
import { maxSealedLength } from './sealed-token.ts';
import type { Subject } from './subject.ts';

/**
 * HELD -> SUBMITTING -> HANDED_OVER, back to HELD when the coordinator does not take it, or one of the ends FAILED and
 * CANCELED. REFUSED: the coordinator wants other credentials or another request; other credentials bring it back to HELD.
 */
export type HeldState = 'HELD' | 'SUBMITTING' | 'HANDED_OVER' | 'REFUSED' | 'FAILED' | 'CANCELED';

/** What a coordinator said to the submission. */
export interface Outcome {
  readonly answer: SmallAnswer;
  readonly realId: string | undefined;
  readonly nextUri: string | undefined;
  /** Where it was said: a cancel goes there and nowhere else. */
  readonly coordinatorUrl: string;
}

/** A request of its client that is kept open (waiting-request.ts). */
export interface OpenRequest extends Timed {
  readonly held: HeldStatement;
  /** Of its client. */
  readonly gone: Cancellation;
  /** Another one of the same statement. */
  next: OpenRequest | undefined;
  /** It is about to look. */
  isTold: boolean;
  /** Something has changed, its time is over or its client has gone. Throws nothing. */
  look(): void;
  /** The client has gone. */
  handleEvent(): void;
}

export interface HeldStatement extends Placed {
  readonly id: string;
  /** `namespace/name` of the runtime; another one of its group may take it over while it is HELD. */
  runtime: string;
  readonly subject: Subject;
  readonly arrivedAt: EpochMs;
  readonly patienceMs: number;
  /** As the POST carried them: a poll's own headers may lack the user (Go). Emptied when they cannot be needed any more. */
  headers: HeaderPairs;
  body: Buffer;
  readonly forwarded: ForwardedFor;
  /** Scheme and authority under which the client knows the gateway. */
  readonly origin: string;
  /** What it takes from the memory budget now. */
  bytes: number;
  state: HeldState;
  /** Newest token given out; the client asks for it or repeats the one before. -1 while the client does not know this id. */
  token: number;
  /** Stands for it in its addresses; absent until the first is given out. */
  capability?: string;
  /** The one that was given out last, and of which page: most clients come back with it. */
  signature?: string;
  signedToken?: number;
  readonly trail: Trail;
  lastSeenAt: EpochMs;
  /** The newest request of the client that waits right now; it knows the next one. */
  openRequest: OpenRequest | undefined;
  /** In the line of its runtime, 1 is next, when it was counted last; 0 while it has not been. */
  position: number;
  /** While no request waits, the next one is expected until then; later nobody is thought to wait. */
  expectedUntil: EpochMs;
  /** In states HANDED_OVER and REFUSED; replayed to every repetition. */
  outcome?: Outcome;
  /** Handed over, but no other gateway can have begun its query: headers and body are kept for another coordinator. */
  maySubmitAgain: boolean;
  /** In state FAILED. */
  failure?: TrinoFailure;
  /** Authorization of the newest poll, preferred at submission because tokens expire. */
  freshAuthorization?: string;
}

/** Without a poll for this long nobody waits any more: longer than the pause of any client between polls (Go: 15 s). */
export const waitingGraceMs = 25_000;
/** The same after a client closed its connection without taking the answer: long enough to come back on another one. */
export const closedGraceMs = 5_000;
/** As Trino's query.client.timeout. */
export const abandonedAfterMs = 5 * 60_000;
/** An end that the client was told is kept this long, for a client that lost the answer. */
export const toldKeptMs = 60_000;

export function isPending(held: HeldStatement): boolean {
  return held.state === 'HELD' || held.state === 'SUBMITTING';
}

export function isWaiting(held: HeldStatement, now: EpochMs): boolean {
  return isPending(held) && (held.openRequest !== undefined || now < held.expectedUntil);
}

export function isForgettable(held: HeldStatement, now: EpochMs): boolean {
  if (held.openRequest !== undefined || held.state === 'SUBMITTING') return false;
  const isEnded = held.state === 'FAILED' || held.state === 'CANCELED';
  return now - held.lastSeenAt >= (isEnded ? toldKeptMs : abandonedAfterMs);
}

/** Rough size in memory, in bytes, its address included, which is yet to be made when it is admitted. */
export function sizeOf(held: Pick<HeldStatement, 'headers' | 'body' | 'outcome' | 'capability'>): number {
  const headers = held.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const content = held.body.length + headers;
  const address = held.capability?.length ?? Math.min(maxSealedLength, content * 2);
  return 1_024 + content + address + (held.outcome?.answer.body.length ?? 0);
}

// How long a request of a held statement is kept open. Pure. Source: trino-protocol 7.3: every answer well inside 30 s, never
// at once in a loop; real-parts section 3: the Go client pauses up to 15 s between polls, so its polls are kept open longest.

import type { RouteState } from '#apis/v1/route-entry.ts';

const postHolds: Readonly<Record<RouteState, number>> = { RUNNING: 5_000, RESUMING: 1_000, PAUSED: 100, DRAINING: 1_000, REMOVED: 0 };

/** Before the first answer: if the runtime is ready or nearly so, the client sees nothing but the real query. */
export function postHoldMs(state: RouteState): number {
  return postHolds[state];
}

const firstPolls = 3;
const firstPollsMs = 1_000;
const laterPollsMs = 3_000;
/** Thousands who wait ask so many times a second in all: beyond 600 of them each is kept longer. */
const pollsPerSecond = 200;
/**
 * Clients that came together, or were answered late together, would poll together for as long as they wait, and be in everybody's way
 * for a moment each time: of each, every eighth poll is kept for another part of the time, from the shortest to all of it, and the others
 * for all of it.
 */
const spreadEach = 8;
const shortestMs = 2_000;
/** Multiples of it lie evenly between whole numbers. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;
/** Of a client that pauses long itself: it must not be found pausing. */
const longPausersMs = 18_000;
/** Never over 20 s for the client, who counts the way and the moment in which it is answered too: read time-outs begin at 30 s. */
const longestMs = 19_500;

/** `id`: of the held statement; its number tells it from those that came with it. `waiting`: statements that wait at this gateway. */
export function pollHoldMs(token: number, userAgent: string | undefined, id: string, waiting: number): number {
  if (userAgent !== undefined && /^(go-http-client|trino-go-client|trino\/go)/i.test(userAgent)) return longPausersMs;
  if (token < firstPolls) return firstPollsMs;
  const ms = Math.min(longestMs, Math.max(laterPollsMs, (waiting / pollsPerSecond) * 1_000));
  if (token % spreadEach !== firstPolls) return ms;
  const number = Number(id.slice(16, 21)) * Math.ceil(token / spreadEach);
  return ms - (ms - shortestMs) * ((number * goldenRatio) % 1);
}

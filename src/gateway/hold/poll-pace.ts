// How long a request of a held statement is kept open. Pure. Source: trino-protocol 7.3: every answer well inside 30 s, never
// at once in a loop; real-parts section 3: the Go client pauses up to 15 s between polls, so its polls are kept open longest.

import type { RouteState } from '#apis/v1/route-entry.ts';

const postHolds: Readonly<Record<RouteState, number>> = { RUNNING: 5_000, RESUMING: 1_000, PAUSED: 100, DRAINING: 1_000, REMOVED: 0 };

/** Before the first answer: if the runtime is ready or nearly so, the client sees nothing but the real query. */
export function postHoldMs(state: RouteState): number {
  return postHolds[state];
}

const firstPollsMs = 1_000;
const laterPollsMs = 3_000;
/** Below every read time-out (30 s) and load balancer default seen. */
const slowPollerMs = 18_000;

export function pollHoldMs(token: number, userAgent: string | undefined): number {
  if (userAgent !== undefined && /^(go-http-client|trino-go-client|trino\/go)/i.test(userAgent)) return slowPollerMs;
  return token <= 2 ? firstPollsMs : laterPollsMs;
}

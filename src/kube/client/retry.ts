// Whether a failed call may be made again, and when. Pure. The rule: never twice what might already have been done, unless
// doing it twice is the same as doing it once.
import { halfJitterMs } from '#core/backoff.ts';
import type { KubeError } from '../errors.ts';
import type { HttpCall } from './transport.ts';

/** Calls after the first; the caller's time-out usually ends it earlier. */
export const maxRetries = 5;
const limits = { baseMs: 250, maxMs: 10_000 };
const brokenConnection: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** How long to wait before the same call again, in ms, or undefined: not again. `attempt` counts from 0. */
export function retryDelayMs(error: KubeError, call: HttpCall, attempt: number, random: () => number): number | undefined {
  if (attempt >= maxRetries) return undefined;
  // On top of what the server names: it names the same time to everybody.
  const waitMs = (error.retryAfterMs ?? 0) + halfJitterMs(limits, attempt, random);
  // Priority and fairness turned it away before anything was done.
  if (error.code === 429) return waitMs;
  if (error.code >= 500) return error.retryAfterMs !== undefined && isIdempotent(call) ? waitMs : undefined;
  // A kept connection may be closed by the server in the moment we use it: the first time at once, then it is no accident.
  const isBroken = error.code === 0 && error.cause instanceof Error && 'code' in error.cause && brokenConnection.includes(error.cause.code);
  return isBroken && call.method === 'GET' ? (attempt === 0 ? 0 : waitMs) : undefined;
}

/** POST may make a second object; a JSON patch may add a second item. The others say what is to be, whoever was first. */
function isIdempotent(call: HttpCall): boolean {
  return call.method !== 'POST' && call.contentType !== 'application/json-patch+json';
}

// Why a statement waits, in one sentence for its user: a warning on the pages of the wait, where the client can take one. Pure.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { Shortage } from './places.ts';

/**
 * Trino's CLI counts the warnings that it has shown and breaks when a later page has fewer (seen with 476), and the coordinator's
 * pages know nothing of ours. Only those that are known to take what each page says.
 */
export function takesWarnings(userAgent: string | undefined): boolean {
  return userAgent !== undefined && /^(Trino (Python Client|JDBC Driver)|trino-python-client)\//.test(userAgent);
}

function ordinal(position: number): string {
  const [tens, ones] = [position % 100, position % 10];
  const isTeen = tens > 10 && tens < 14;
  return `${position}${isTeen || ones > 3 || ones === 0 ? 'th' : ['th', 'st', 'nd', 'rd'][ones]}`;
}

/** Undefined where it is none of the user's matter: it is being handed over, or will be in a moment. */
export function waitReasonOf(entry: RouteEntry | undefined, shortage: Shortage | undefined): string | undefined {
  if (entry === undefined) return undefined;
  const { namespace, name, state, note, maxRunning } = entry;
  const runtime = `runtime ${namespace}/${name}`;
  if (shortage !== undefined) {
    const { running, places, position } = shortage;
    const where = places === maxRunning ? '' : ` through this gateway, ${maxRunning} through all`;
    return `${runtime} is full: ${running} of ${places} queries run${where}; you are ${ordinal(position)}`;
  }
  const why = note === undefined ? '' : ` (${note})`;
  if (state === 'PAUSED') return `${runtime} sleeps${why} and is asked to wake`;
  return state === 'RESUMING' ? `${runtime} is waking${why}` : undefined;
}

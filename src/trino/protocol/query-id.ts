// Trino's query ids: date_time_sequence_suffix, where the suffix is the id of one start of one coordinator. Pure.
// Source: trino-protocol 1.4 and 7.4, design D4.

const pattern = /^([0-9]{8})_([0-9]{6})_[0-9]{5,}_([a-z0-9]+)$/;

/** First characters of the suffix of ids that the gateway gives: Trino's generator never uses 0 or l. */
export const heldSuffixPrefix = '0gw';

let last: { readonly queryId: string; readonly coordinatorId: string | undefined } = { queryId: '', coordinatorId: undefined };

/** Asked several times for each page of a query, so that the last answer is kept. */
export function coordinatorIdOf(queryId: string): string | undefined {
  if (queryId !== last.queryId) last = { queryId, coordinatorId: pattern.exec(queryId)?.[3] };
  return last.coordinatorId;
}

/** Epoch ms; Trino's ids carry UTC. */
export function createdAtOf(queryId: string): number | undefined {
  const [, date = '', time = ''] = pattern.exec(queryId) ?? [];
  const at = Date.parse(
    `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`,
  );
  return Number.isNaN(at) ? undefined : at;
}

export function isHeldId(queryId: string): boolean {
  return coordinatorIdOf(queryId)?.startsWith(heldSuffixPrefix) === true;
}

let timed = { second: 0, text: '' };

/** `20261121_083737`, made once a second. */
function timeOf(atMs: number): string {
  const second = Math.floor(atMs / 1_000);
  if (second !== timed.second) {
    const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\..*/g, '');
    timed = { second, text: `${digits.slice(0, 8)}_${digits.slice(8, 14)}` };
  }
  return timed.text;
}

/** `20261121_083737_00042_0gwab` from an instant (epoch ms), a counter and two characters that name this gateway. */
export function formatHeldId(atMs: number, sequence: number, shard: string): string {
  return `${timeOf(atMs)}_${String(sequence % 100_000).padStart(5, '0')}_${heldSuffixPrefix}${shard}`;
}

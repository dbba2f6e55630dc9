// How often a status is worth a write. A start changes what its conditions say several times a second; each write costs the API server,
// everybody who watches, and another pass. What machines decide on is written at once. Pure.
import type { EpochMs } from '#core/clock.ts';
import { isEqual } from '#core/equality.ts';
import type { Condition } from '#core/objects.ts';
import type { XTrinodeStatus } from '#apis/v1/objects.ts';

/** Of writes that change words alone. Nobody reads faster. */
const wordsEveryMs = 2_000;

/** Idleness alone makes no writes: it goes with the next one. */
function factsOf(status: XTrinodeStatus | undefined): object {
  return { ...status, lastActivity: undefined };
}

/** Without what is for people alone. */
function bareFactsOf(status: XTrinodeStatus | undefined): object {
  const conditions = (status?.conditions ?? []) as readonly Condition[];
  return { ...factsOf(status), conditions: conditions.map((condition) => ({ ...condition, message: undefined })) };
}

/** Undefined: nothing to write. Otherwise how long to wait before it is written, in ms. `wroteAt` is when this process wrote it last. */
export function waitBeforeWriting(
  before: XTrinodeStatus | undefined,
  after: XTrinodeStatus,
  wroteAt: EpochMs | undefined,
  nowMs: EpochMs,
): number | undefined {
  if (isEqual(factsOf(before), factsOf(after))) return undefined;
  const areWordsAlone = before !== undefined && isEqual(bareFactsOf(before), bareFactsOf(after));
  if (!areWordsAlone || wroteAt === undefined) return 0;
  return Math.max(0, Math.min(wroteAt, nowMs) + wordsEveryMs - nowMs);
}

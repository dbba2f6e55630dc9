// Whether the gateways are known to send a runtime no more statements: what must be so before its coordinator ends (decision 0020).
// Pure; throws nothing.
import type { EpochMs } from '#core/clock.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export type Hearing =
  | { readonly isOver: true; /** Gateways that live and have not said it, in all that time. */ readonly silent: readonly string[] }
  | { readonly isOver: false; readonly againInMs: number };

/**
 * From the refusal on, also when all gateways have long taken note: a statement that was sent just before is seen among the queries
 * only a moment later. And gateways that tell nothing (of before decision 0020, or without an API server) take note within it.
 */
export const refusalSettleMs = 1_000;
/** A gateway that lives and still does not follow the routes for so long must not keep a runtime awake: longer than its Lease. */
export const longestHearingMs = 30_000;

type Seen = Pick<RuntimeSnapshot, 'refusingSince' | 'gateways' | 'nowMs'>;

export function hearGateways({ refusingSince, gateways, nowMs }: Seen): Hearing {
  const refusedForMs = refusingSince === undefined ? 0 : nowMs - refusingSince;
  if (refusedForMs < refusalSettleMs) return { isOver: false, againInMs: refusalSettleMs - refusedForMs };
  const silent = gateways.filter(({ refuses, endsAt }) => !refuses && endsAt > nowMs);
  if (silent.length === 0 || refusedForMs >= longestHearingMs) return { isOver: true, silent: silent.map(({ name }) => name) };
  // What they say comes by a watch; this is for those who die.
  const firstEndsAt: EpochMs = Math.min(...silent.map(({ endsAt }) => endsAt));
  return { isOver: false, againInMs: Math.min(firstEndsAt - nowMs, longestHearingMs - refusedForMs) };
}

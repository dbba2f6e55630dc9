// What /v1/info says about the process behind an address: whether it can be the one that ran a query. Pure.
// Source: trino-protocol 8.2; `coordinatorId` since Trino 477, `uptime` always.
import { coordinatorIdOf, createdAtOf } from './query-id.ts';

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Airlift's duration: `1.52m`. In ms. */
export function parseUptimeMs(text: string): number | undefined {
  const match = /^([0-9.]+)(ns|us|ms|s|m|h|d)$/.exec(text);
  const unit = unitMs[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** Clocks of gateway and coordinator may differ by so much. */
const skewMs = 2_000;

/** True only when it is certain that the process answering `info` started after the query was made. */
export function isStartedAfter(queryId: string, info: unknown, nowMs: number): boolean {
  if (typeof info !== 'object' || info === null) return false;
  const { coordinatorId, starting, uptime } = info as { coordinatorId?: unknown; starting?: unknown; uptime?: unknown };
  if (typeof coordinatorId === 'string') return coordinatorId !== coordinatorIdOf(queryId);
  if (starting === true) return true;
  const uptimeMs = typeof uptime === 'string' ? parseUptimeMs(uptime) : undefined;
  const createdAt = createdAtOf(queryId);
  if (uptimeMs === undefined || createdAt === undefined) return false;
  // Two decimals of the unit: a percent covers the rounding.
  return nowMs - uptimeMs * 1.01 - skewMs > createdAt;
}

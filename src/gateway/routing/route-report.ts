// Tells the API server that this gateway lives and how far it has followed the route table: at once when a runtime is to get no more
// statements, so that the operator need not guess when nobody sends any (decision 0020), and every few seconds. Shell.
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import type { ApiServerClient } from '../api-server-client.ts';
import type { RouteSource } from './route-source.ts';
import { emptyTable, type RouteTable } from './route-table.ts';

export interface RouteReportInit {
  readonly client: Pick<ApiServerClient, 'call'>;
  /** Name of this gateway. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RouteReport {
  /** To be called when the routes are known. */
  start(routes: Pick<RouteSource, 'table' | 'subscribe' | 'version'>): void;
  /** To be called when this gateway takes no statements any more. Never rejects. */
  stop(): Promise<void>;
}

/** Twice before the Lease (25 s) runs out. */
const renewMs = 8_000;
const retryMs = 2_000;
/** Runtimes that are put to sleep together are one report. */
const gatherMs = 20;

/** Whether a runtime that got statements gets none any more. Pure. */
export function isRefusalNews(before: RouteTable, after: RouteTable): boolean {
  return [...before.byKey].some(([key, { state }]) => state === 'RUNNING' && after.byKey.get(key)?.state !== 'RUNNING');
}

export function createRouteReport({ client, gateway, clock, log }: RouteReportInit): RouteReport {
  const path = `/gateways/${gateway}`;
  let version: RouteSource['version'] = () => undefined;
  let cancelTimer = (): void => undefined;
  let endFollowing = (): void => undefined;
  let telling: Promise<void> | undefined;
  let [isStarted, isStopped] = [false, false];
  let isNews = false;
  let failures = 0;

  function plan(delayMs: number): void {
    cancelTimer();
    if (!isStopped) cancelTimer = clock.after(delayMs, () => void tell());
  }

  async function send(): Promise<void> {
    const appliedVersion = version();
    isNews = false;
    try {
      if (appliedVersion !== undefined) await client.call({ method: 'POST', path, body: { appliedVersion } });
      failures = 0;
    } catch (error) {
      failures += 1;
      log[failures === 1 ? 'warn' : 'debug']('the API server did not take how far this gateway follows the routes; trying again', {
        error,
      });
    }
  }

  /** One at a time, so that an older word never overtakes a newer one. */
  async function tell(): Promise<void> {
    if (telling !== undefined) return;
    telling = send();
    await telling;
    telling = undefined;
    plan(isNews ? gatherMs : failures > 0 ? retryMs : renewMs);
  }

  return {
    start(routes) {
      isStarted = true;
      ({ version } = routes);
      let seen = emptyTable;
      const follow = (table: RouteTable): void => {
        const isRefusal = isRefusalNews(seen, table);
        seen = table;
        if (!isRefusal) return;
        isNews = true;
        if (telling === undefined) plan(gatherMs);
      };
      follow(routes.table());
      endFollowing = routes.subscribe(follow);
      void tell();
    },
    async stop() {
      isStopped = true;
      cancelTimer();
      endFollowing();
      await telling;
      if (!isStarted) return;
      try {
        await client.call({ method: 'DELETE', path });
      } catch (error) {
        log.info('the end of this gateway was not taken; its Lease runs out by itself', { error });
      }
    },
  };
}

// Tells the API server how many queries run through this gateway on the runtimes that have a bound, and learns the same of the other
// gateways: from it comes this one's part (share.ts). Silent where no runtime has a bound. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import type { ApiServerClient } from '../api-server-client.ts';
import { shareOf, type GatewayRunning } from './share.ts';

export interface SharedPlaces {
  shareOf(maxRunning: number, runtime: string): number;
  /** `running`: of the runtimes that have a bound; undefined when there is none. */
  start(running: () => Readonly<Record<string, number>> | undefined): void;
  stop(): void;
}

export interface SharedPlacesInit {
  readonly client: Pick<ApiServerClient, 'ask'>;
  /** Name of this gateway. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly log: Log;
}

const tellMs = 4_000;
/** A gateway that is new among others lets one query per runtime run until all have heard of it. */
const newMs = 2 * tellMs + 2_000;

function isAnswer(value: unknown): value is { readonly gateways: readonly GatewayRunning[] } {
  return Array.isArray((value as { readonly gateways?: unknown } | undefined)?.gateways);
}

export function createSharedPlaces({ client, gateway, clock, log }: SharedPlacesInit): SharedPlaces {
  let others: readonly GatewayRunning[] | undefined;
  let joinedAt: EpochMs | undefined;
  let cancelTimer = (): void => undefined;
  let isStopped = false;

  async function tell(running: Readonly<Record<string, number>>): Promise<void> {
    try {
      const answer = await client.ask({ method: 'POST', path: `/gateways/${gateway}/running`, body: { running } });
      if (!isAnswer(answer)) throw new Error('it does not know how many queries gateways run: it is of an earlier release');
      others = answer.gateways.filter((other) => other.gateway !== gateway);
      joinedAt ??= others.length === 0 ? -Infinity : clock.now();
    } catch (error) {
      log.warn('the API server does not tell what runs through other gateways: the last known share of maxRunning stays', { error });
    }
  }

  return {
    shareOf(maxRunning, runtime) {
      if (others === undefined || joinedAt === undefined || clock.now() - joinedAt < newMs) return 1;
      return shareOf({ maxRunning, runtime, others });
    },
    start(running) {
      const turn = async (): Promise<void> => {
        const counts = running();
        if (counts !== undefined) await tell(counts);
        if (!isStopped) cancelTimer = clock.after(tellMs, () => void turn());
      };
      void turn();
    },
    stop() {
      isStopped = true;
      cancelTimer();
    },
  };
}

// How many new statements per user, client address and runtime. Polls, kills, health and metrics are never counted. Who asks too
// often gets an error page, not a 429: that ends a client without a word of ours but for Python, which sends it again at once
// (trino-protocol 7.1). Each gateway counts for itself. Pure but for what it remembers.
import type { Clock } from '#core/clock.ts';
import type { GatewayProblem } from '../problems.ts';
import { createTokenBuckets, type Rate } from './token-buckets.ts';

export interface StatementRateInit {
  readonly perUser?: Rate;
  readonly perAddress?: Rate;
  readonly perRuntime?: Rate;
  readonly clock: Clock;
}

export interface Sender {
  /** Who came in; where nobody is authenticated, whom the client names. */
  readonly user: string;
  readonly address: string;
  readonly runtime: string;
}

/** Undefined when the statement may go on: then it is counted, else not. */
export type CountStatement = (sender: Sender) => GatewayProblem | undefined;

export const countNothing: CountStatement = () => undefined;

export function createStatementRates({ perUser, perAddress, perRuntime, clock }: StatementRateInit): CountStatement {
  const kinds = [
    { what: 'client address', rate: perAddress, nameOf: ({ address }: Sender) => address },
    { what: 'user', rate: perUser, nameOf: ({ user }: Sender) => user },
    { what: 'runtime', rate: perRuntime, nameOf: ({ runtime }: Sender) => runtime },
  ].flatMap(({ rate, ...kind }) => (rate === undefined ? [] : [{ ...kind, rate, buckets: createTokenBuckets(rate, clock.now()) }]));
  return (sender) => {
    const now = clock.now();
    for (const { what, rate, nameOf, buckets } of kinds) {
      const waitMs = buckets.waitMs(nameOf(sender), now);
      if (waitMs === 0) continue;
      const seconds = Math.ceil(waitMs / 1000);
      return {
        code: 'TOO_MANY',
        detail: `too many statements of ${what} ${nameOf(sender)}: the gateway takes ${rate.count} in ${rate.periodMs / 1000} s. Try again in ${seconds} s.`,
      };
    }
    for (const { nameOf, buckets } of kinds) buckets.take(nameOf(sender), now);
    return undefined;
  };
}

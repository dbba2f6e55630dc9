// Token buckets, one per name: so many at once, refilled at an even rate, to the millisecond. Each is one number, the moment at
// which it is full again (the "virtual scheduling" form of the generic cell rate algorithm, ITU-T I.371), in whole units of a
// millisecond over the count, so that nothing is ever rounded away. Pure but for what it remembers.

/** `count` at once, and as many again in each period. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

/** About 10 MB. */
export const maxBuckets = 100_000;

export interface TokenBuckets {
  /** How long until `name` has a token, in ms; 0 when it has one now. */
  waitMs(name: string, now: number): number;
  /** Takes one that `waitMs` has seen. */
  take(name: string, now: number): void;
  readonly size: number;
}

export function createTokenBuckets({ count, periodMs }: Rate, startedAt: number): TokenBuckets {
  /** When each is full again, in units since the start, the one that was touched longest ago first. A full one is not kept. */
  const fullAt = new Map<string, number>();
  const units = (now: number): number => (now - startedAt) * count;

  function forgetOld(now: number): void {
    for (const [name, full] of fullAt) {
      if (full > units(now) && fullAt.size <= maxBuckets) return;
      fullAt.delete(name);
    }
  }

  return {
    waitMs(name, now) {
      const missing = (fullAt.get(name) ?? 0) - units(now);
      // One token is one period of units; the bucket holds `count` of them.
      return Math.max(0, Math.ceil((missing - (count - 1) * periodMs) / count));
    },
    take(name, now) {
      const full = Math.max(fullAt.get(name) ?? 0, units(now)) + periodMs;
      fullAt.delete(name);
      fullAt.set(name, full);
      forgetOld(now);
    },
    get size() {
      return fullAt.size;
    },
  };
}

// How many bytes of clients' statements the gateway keeps in memory at once, over all runtimes: those being read and those
// that wait. Plain bookkeeping.

export interface MemoryBudget {
  /** False, and nothing is taken, when so much is not left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  readonly usedBytes: number;
}

export function createMemoryBudget(totalBytes: number): MemoryBudget {
  let usedBytes = 0;
  return {
    take(bytes) {
      if (usedBytes + bytes > totalBytes) return false;
      usedBytes += bytes;
      return true;
    },
    give(bytes) {
      usedBytes -= bytes;
    },
    get usedBytes() {
      return usedBytes;
    },
  };
}

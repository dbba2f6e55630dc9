// How many heads may be large at once while they are still coming: each takes memory for as long as its sender likes, up to the
// time-out, and nobody knows yet who that is. Plain bookkeeping; ordinary heads are never asked.

/** Beyond this a head is large: more than stock clients send but for prepared statements. */
export const largeHeadBytes = 128 * 1024;
/** 128 MiB in all, at most. */
const maxLargeHeads = 64;

export interface LargeHeads {
  /** False when too many are coming already. */
  begin(): boolean;
  end(): void;
}

export function createLargeHeads(max = maxLargeHeads): LargeHeads {
  let count = 0;
  return {
    begin() {
      if (count >= max) return false;
      count += 1;
      return true;
    },
    end() {
      count -= 1;
    },
  };
}

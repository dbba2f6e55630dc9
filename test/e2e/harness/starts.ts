// How often a runtime was started while something went on: by the operator's decisions and by real processes.
import { watchJava } from './processes.ts';
import type { Up } from './up.ts';

export interface Starts {
  /** Decisions of the operator (status.lifecycle.sequence). */
  readonly decisions: number;
  /** Trino processes that were seen. */
  readonly processes: number;
}

/** Runs `work` and tells what was started meanwhile. */
export async function countStarts<T>(
  up: Up,
  name: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly starts: Starts }> {
  const sequence = async (): Promise<number> => (await up.runtime(name)).status?.lifecycle?.sequence ?? 0;
  const before = await sequence();
  const watched = watchJava(up.home);
  try {
    const result = await work();
    return { result, starts: { decisions: (await sequence()) - before, processes: watched.seen() } };
  } finally {
    watched.stop();
  }
}

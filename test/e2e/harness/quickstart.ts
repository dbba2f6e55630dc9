// The quickstart as the tests of first queries use it: put to sleep before each, and what one wake of it is.
import assert from 'node:assert/strict';
import { javaProcesses } from './processes.ts';
import type { Starts } from './starts.ts';
import type { Up } from './up.ts';

/** Coordinator and worker. */
export const oneWake: Starts = { decisions: 1, processes: 2 };

export async function putToSleep(up: Up): Promise<void> {
  const { code, notes } = await up.xtrinode('suspend', 'quickstart', '--wait', '--timeout', '60s');
  assert.equal(code, 0, notes);
  assert.deepEqual(javaProcesses(up.home), []);
}

// How long `up` takes until all of it is ready, and what it weighs, while no Trino runs.
import { setTimeout as delay } from 'node:timers/promises';
import { median, residentMegabytes, startUp, type Bench } from './bench.ts';

/** After the start has settled: what stays while nothing happens. */
const settleMs = 3_000;

async function measure(): Promise<Record<string, number>> {
  const up = await startUp([]);
  try {
    const atReady = residentMegabytes(up.state.pid);
    await delay(settleMs);
    return { readyMs: Math.round(up.readyMs), rssAtReadyMb: atReady, rssSettledMb: residentMegabytes(up.state.pid) };
  } finally {
    await up.stop();
  }
}

export const benchUp: Bench = {
  defaultRuns: 5,
  async run(count) {
    const runs = [];
    for (let run = 0; run < count; run += 1) runs.push(await measure());
    return {
      what: 'up with Trino installed and none running, from the start of the process to up.json, on a fresh home',
      runs,
      limits: [
        { name: 'ready, median', value: median(runs.map(({ readyMs = 0 }) => readyMs)), most: 2_000, unit: 'ms' },
        {
          name: 'resident memory, largest',
          value: Math.max(...runs.flatMap(({ rssAtReadyMb = 0, rssSettledMb = 0 }) => [rssAtReadyMb, rssSettledMb])),
          most: 200,
          unit: 'MB',
        },
      ],
    };
  },
};

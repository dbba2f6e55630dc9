// One runtime saturated, another one beside it on the same gateway process: the first has a full queue and a coordinator that takes
// connections and answers nothing; the second must not feel it. The same load on the second at a gateway at which nobody waits or ever
// has, and at the one with the crowd that waits for the first, in turns: a virtual machine is not the same from one minute to the next
// (decision 0031). The crowd is gone while the other gateway is measured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, residentMegabytes, type Bench } from './bench.ts';
import { freePort } from './gateway.ts';
import { buildCrowd, startCrowd } from './gateway/crowd.ts';
import type { LoadResult } from './gateway/load.ts';
import { goFirst, keepAwake, measure, startCoordinator, startGateway, startTurns, type Running, type Turns } from './gateway/processes.ts';

type Row = Readonly<Record<string, number>>;

/** As many as wait for one runtime at most, and as many of one user. */
const users = 10;
const perUser = 500;
const pages = 6;
const warmUp = { mode: 'statements', connections: 32, warmUpMs: 0, measuredMs: 8_000 } as const;
const polls = { connections: 32, perSecond: 1_000 } as const;
/** The load has one thread, and compiles itself in the first seconds, 20 ms at a time. */
const firstTurn = { warmUpMs: 10_000, measuredMs: 0 };
/**
 * All turns of a kind together are longer than it is from one full collection beside the crowd to the next, so that it is the small part
 * of them that it is over a day.
 */
const turn = { warmUpMs: 1_000, measuredMs: 30_000 };
const crowds = 3;
const statements = { mode: 'statements', connections: 2, warmUpMs: 500, measuredMs: 2_000 } as const;
/** Until the first polls of all are over, each is kept for as long as it may, and V8 has compiled what they and those who are refused brought. */
const settleMs = 40_000;
/** Until a gateway has forgotten all who were there: longer than one who has no poll open is kept. */
const forgetMs = 40_000;
const digits = (value: number): number => Number(value.toFixed(2));

/** Its main thread goes first in the meantime; not before, since V8's own threads need their time then. */
async function take(gateway: Running, load: Turns): Promise<LoadResult> {
  // V8 has thrown away what nobody ran, and would compile it beside what is measured.
  await measure(gateway, warmUp);
  const goBack = goFirst(gateway.pid);
  const result = await load.turn(turn);
  goBack?.();
  return result;
}

async function measureOnce(directory: string, program: string): Promise<Row> {
  const coordinator = await startCoordinator(pages, 1_024);
  const stalled = await startCoordinator(pages, 1_024, 1_000, 'stall');
  const quiet = await startGateway(directory, await freePort(), coordinator.port, stalled.port);
  const crowded = await startGateway(directory, await freePort(), coordinator.port, stalled.port);
  const started: { stop(): Promise<void> }[] = [coordinator, stalled, quiet, crowded];
  stalled.child.stdin?.write('stall\n');
  goFirst(coordinator.pid);
  try {
    const [emptyLoad, besideLoad] = [startTurns({ ...polls, port: quiet.port }), startTurns({ ...polls, port: crowded.port })];
    started.push(emptyLoad, besideLoad);
    for (const load of [emptyLoad, besideLoad]) await load.turn(firstTurn);
    let empty = await take(quiet, emptyLoad);
    let beside: LoadResult | undefined;
    let besideStatements = 0;
    const held = { polls: 0, refused: 0, seconds: 0 };
    for (let come = 0; come < crowds; come += 1) {
      const crowd = await startCrowd(program, { port: crowded.port, users, perUser, atOnce: 250, runtime: 'team/stalled' });
      started.push(crowd);
      await delay(settleMs);
      await crowd.report();
      beside = await take(crowded, besideLoad);
      const report = await crowd.report();
      for (const key of ['polls', 'refused', 'seconds'] as const) held[key] += report[key];
      besideStatements += (await measure(crowded, statements)).statements;
      await crowd.stop();
      await delay(forgetMs);
      empty = await take(quiet, emptyLoad);
    }
    if (beside === undefined) throw new Error('no crowd came');
    const row = {
      waiting: users * perUser,
      refused: held.refused,
      heldPollsPerSecond: Math.round(held.polls / held.seconds),
      emptyP50Milliseconds: digits(empty.p50),
      emptyP99Milliseconds: digits(empty.p99),
      emptyP99OfSecondMilliseconds: digits(empty.p99OfSecond),
      besideP50Milliseconds: digits(beside.p50),
      besideP99Milliseconds: digits(beside.p99),
      besideP99OfSecondMilliseconds: digits(beside.p99OfSecond),
      besideOverEmptyP99: digits(beside.p99 / empty.p99),
      besideOverEmptyP99OfSecond: digits(beside.p99OfSecond / empty.p99OfSecond),
      emptyPolls: empty.requests,
      besidePolls: beside.requests,
      besideStatements,
      megabytes: residentMegabytes(crowded.pid, 'peak'),
    };
    process.stderr.write(`${JSON.stringify(row)}\n`);
    return row;
  } finally {
    for (const { stop } of started.toReversed()) await stop();
  }
}

export const benchGatewaySaturation: Bench = {
  defaultRuns: 5,
  async run(count) {
    const directory = mkdtempSync(join(tmpdir(), 'xtrinode-bench-'));
    const rows: Row[] = [];
    const letSleep = keepAwake();
    try {
      const program = buildCrowd(directory);
      while (rows.length < count) rows.push(await measureOnce(directory, program));
    } finally {
      letSleep?.();
      rmSync(directory, { recursive: true });
    }
    // One turn more with nobody waiting: before the first crowd and after each.
    const asMany = (crowds / (crowds + 1)) * 0.99;
    const unanswered = rows.filter(({ emptyPolls = 0, besidePolls = 0 }) => besidePolls < emptyPolls * asMany).length;
    const unrefused = rows.filter(({ refused = 0 }) => refused === 0).length;
    return {
      what: `polls at 1,000 a second and statements of a runtime at a gateway at which nobody has ever waited (empty) and at one while another runtime is saturated (beside): ${users * perUser} statements wait for that there, more are refused, its coordinator answers nothing. In turns of ${turn.measuredMs / 1_000} s: the crowd comes and goes ${crowds} times, and is gone while the other gateway is measured. ${letSleep === undefined ? 'Processors may sleep, and what watches the machine may come first' : 'Processors are kept awake, and load, coordinator and gateway go before all else on their cores, each with its main thread'}. A request without its answer would end the run`,
      runs: rows,
      limits: [
        {
          name: 'p99 of a poll against one where nobody waits',
          value: median(rows.map(({ besideOverEmptyP99 = Infinity }) => besideOverEmptyP99)),
          most: 1.5,
          unit: 'x',
        },
        {
          name: 'p99 of a poll within a second, median over all seconds, against one where nobody waits',
          value: median(rows.map(({ besideOverEmptyP99OfSecond = Infinity }) => besideOverEmptyP99OfSecond)),
          most: 1.5,
          unit: 'x',
        },
        { name: 'runs in which polls of the other runtime were not answered', value: unanswered, most: 0, unit: '' },
        { name: 'runs in which the queue was not full', value: unrefused, most: 0, unit: '' },
      ],
    };
  },
};

// One runtime saturated, another one beside it on the same gateway process: the first has a full queue and a coordinator that takes
// connections and answers nothing; the second must not feel it. The same load on the second three times: with nobody waiting, with
// the first at a gateway process of its own, which tells what a crowd costs the machine (decision 0031), and at the same one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, residentMegabytes, type Bench } from './bench.ts';
import { freePort } from './gateway.ts';
import { buildCrowd, startCrowd, type WaitingCrowd } from './gateway/crowd.ts';
import { goFirst, keepAwake, measure, startCoordinator, startGateway, type Measured, type Running } from './gateway/processes.ts';

type Row = Readonly<Record<string, number>>;

/** As many as wait for one runtime at most, and as many of one user. */
const users = 10;
const perUser = 500;
const pages = 6;
const warmUp = { mode: 'statements', connections: 32, warmUpMs: 0, measuredMs: 8_000 } as const;
/**
 * As long as it is from one full collection beside the crowd to the next, so that it is the small part of a look that it is over a day: it
 * comes soon after the warm-up, and of 30 s it would be three times that. A moment in which the machine is somebody else's is as small.
 * The load, which has one thread, compiles itself in the first seconds, 20 ms at a time.
 */
const polls = { mode: 'polls', connections: 32, perSecond: 1_000, warmUpMs: 10_000, measuredMs: 90_000 } as const;
const statements = { mode: 'statements', connections: 2, warmUpMs: 500, measuredMs: 2_000 } as const;
/** Until the first polls of all are over, each is kept for as long as it may, and V8 has compiled what they and those who are refused brought. */
const settleMs = 40_000;

interface Look {
  readonly polls: Measured;
  readonly statements: Measured;
}

/** Ends with an error when one request of it does not get its answer. */
async function look(gateway: Running): Promise<Look> {
  const goBack = goFirst(gateway.pid);
  const measured = await measure(gateway, polls, { isFirst: true });
  goBack?.();
  return { polls: measured, statements: await measure(gateway, statements) };
}

/** Fulfilled when it has gone on for long enough to be measured beside. */
async function settledCrowd(program: string, { port }: Running): Promise<WaitingCrowd> {
  const crowd = await startCrowd(program, { port, users, perUser, atOnce: 250, runtime: 'team/stalled' });
  await delay(settleMs);
  return crowd;
}

async function measureOnce(directory: string, program: string): Promise<Row> {
  const coordinator = await startCoordinator(pages, 1_024);
  const stalled = await startCoordinator(pages, 1_024, 1_000, 'stall');
  const gateway = await startGateway(directory, await freePort(), coordinator.port, stalled.port);
  const aside = await startGateway(directory, await freePort(), coordinator.port, stalled.port, { isAside: true });
  stalled.child.stdin?.write('stall\n');
  goFirst(coordinator.pid);
  try {
    await measure(gateway, warmUp);
    const empty = await look(gateway);
    const elsewhere = await settledCrowd(program, aside);
    // Before both looks: in the meantime V8 has thrown away what nobody ran, and would compile it beside what is measured.
    await measure(gateway, warmUp);
    const apart = await look(gateway);
    await elsewhere.stop();
    await aside.stop();
    const crowd = await settledCrowd(program, gateway);
    await measure(gateway, warmUp);
    await crowd.report();
    const beside = await look(gateway);
    const held = await crowd.report();
    await crowd.stop();
    const row = {
      waiting: users * perUser,
      refused: held.refused,
      heldPollsPerSecond: Math.round(held.polls / held.seconds),
      emptyP50Milliseconds: Number(empty.polls.p50.toFixed(2)),
      emptyP99Milliseconds: Number(empty.polls.p99.toFixed(2)),
      emptyP99OfSecondMilliseconds: Number(empty.polls.p99OfSecond.toFixed(2)),
      apartP50Milliseconds: Number(apart.polls.p50.toFixed(2)),
      apartP99Milliseconds: Number(apart.polls.p99.toFixed(2)),
      apartP99OfSecondMilliseconds: Number(apart.polls.p99OfSecond.toFixed(2)),
      besideP50Milliseconds: Number(beside.polls.p50.toFixed(2)),
      besideP99Milliseconds: Number(beside.polls.p99.toFixed(2)),
      besideP99OfSecondMilliseconds: Number(beside.polls.p99OfSecond.toFixed(2)),
      besideOverEmptyP99: Number((beside.polls.p99 / empty.polls.p99).toFixed(2)),
      besideOverApartP99: Number((beside.polls.p99 / apart.polls.p99).toFixed(2)),
      besideOverEmptyP99OfSecond: Number((beside.polls.p99OfSecond / empty.polls.p99OfSecond).toFixed(2)),
      emptyPolls: empty.polls.requests,
      besidePolls: beside.polls.requests,
      besideStatements: beside.statements.statements,
      megabytes: residentMegabytes(gateway.pid),
    };
    process.stderr.write(`${JSON.stringify(row)}\n`);
    return row;
  } finally {
    for (const { stop } of [gateway, aside, stalled, coordinator]) await stop();
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
    const unanswered = rows.filter(({ emptyPolls = 0, besidePolls = 0 }) => besidePolls < emptyPolls * 0.99).length;
    const unrefused = rows.filter(({ refused = 0 }) => refused === 0).length;
    return {
      what: `polls at 1,000 a second and statements of a runtime with nobody waiting (empty) and while another one is saturated: ${users * perUser} statements wait for that, more are refused, its coordinator answers nothing. They wait at a gateway process of their own on the same machine (apart) or at the same one (beside). ${letSleep === undefined ? 'Processors may sleep, and what watches the machine may come first' : 'Processors are kept awake, and load, coordinator and gateway go before all else on their cores, each with its main thread'}. A request without its answer would end the run`,
      runs: rows,
      limits: [
        {
          name: 'p99 of a poll against the same with nobody waiting',
          value: median(rows.map(({ besideOverEmptyP99 = Infinity }) => besideOverEmptyP99)),
          most: 1.5,
          unit: 'x',
        },
        {
          name: 'p99 of a poll within a second, median over all seconds, against the same with nobody waiting',
          value: median(rows.map(({ besideOverEmptyP99OfSecond = Infinity }) => besideOverEmptyP99OfSecond)),
          most: 1.5,
          unit: 'x',
        },
        {
          name: 'p99 of a poll against the same while the saturated runtime has a gateway of its own',
          value: median(rows.map(({ besideOverApartP99 = Infinity }) => besideOverApartP99)),
          most: 1.5,
          unit: 'x',
        },
        { name: 'runs in which polls of the other runtime were not answered', value: unanswered, most: 0, unit: '' },
        { name: 'runs in which the queue was not full', value: unrefused, most: 0, unit: '' },
      ],
    };
  },
};

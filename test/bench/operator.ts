// What the operator costs: one, ten and a hundred awake runtimes on a real API server, then nine hundred more that sleep. Counts and
// CPU seconds stay the same on a busy machine; times do not.
import { setTimeout as delay } from 'node:timers/promises';
import { annotations } from '../../src/apis/v1/resources.ts';
import type { CallCounts } from './audit-log.ts';
import { residentMegabytes, type Bench, type Limit } from './bench.ts';
import { cpuSeconds, createOperatorStand, type OperatorProcess, type OperatorStand } from './operator-stand.ts';

const awakeSizes = [1, 10, 100] as const;
const allOfThem = 1_000;
const restMs = 20_000;
/** The last words of those who became ready: workers counted, events told. */
const lastWordsMs = 5_000;
const awake = { size: 's', maxWorkers: 1, autoSuspendAfter: 'never' };
const asleep = { ...awake, suspended: true };

type Figures = Record<string, number>;

function rounded(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return rounded((performance.now() - startedAt) / 1000);
}

/** Calls and CPU of both sides while something is done. */
async function costs(stand: OperatorStand, operator: OperatorProcess, work: () => Promise<void>) {
  const before: CallCounts = await stand.calls();
  const [operatorBefore, apiServerBefore] = [cpuSeconds(operator.pid), stand.apiServerSeconds()];
  await work();
  const after = await stand.calls();
  return {
    writes: after.writes - before.writes,
    reads: after.reads - before.reads,
    operatorSeconds: cpuSeconds(operator.pid) - operatorBefore,
    apiServerSeconds: stand.apiServerSeconds() - apiServerBefore,
  };
}

/** Until each is awake and ready, or sleeps. */
function isSettled(count: number): Parameters<OperatorStand['until']>[0] {
  return (all) => all.length === count && all.every(({ status }) => status?.phase === 'Ready' || status?.phase === 'Suspended');
}

/** `count` in all, `added` of them new. */
async function create(stand: OperatorStand, operator: OperatorProcess, count: number, added: number, spec: object): Promise<Figures> {
  let seconds = 0;
  const creation = await costs(stand, operator, async () => {
    seconds = await timed(async () => {
      await stand.createRuntimes(count - added, count, spec);
      await stand.until(isSettled(count));
    });
    await delay(lastWordsMs);
  });
  const rest = await costs(stand, operator, () => delay(restMs));
  return {
    runtimes: count,
    createdSeconds: seconds,
    writesPerRuntime: rounded(creation.writes / added),
    readsPerRuntime: rounded(creation.reads / added),
    operatorCpuMsPerRuntime: rounded((creation.operatorSeconds * 1000) / added, 0),
    apiServerCpuMsPerRuntime: rounded((creation.apiServerSeconds * 1000) / added, 0),
    writesAtRest: rest.writes,
    readsAtRest: rest.reads,
    residentMb: residentMegabytes(operator.pid),
    peakMb: residentMegabytes(operator.pid, 'peak'),
  };
}

async function suspendOne(stand: OperatorStand, operator: OperatorProcess): Promise<Figures> {
  const { writes } = await costs(stand, operator, async () => {
    await stand.annotate('r0', { [annotations.suspendRequested]: 'true', [annotations.suspendRequestedAt]: new Date().toISOString() });
    await stand.until((all) => all.some(({ metadata, status }) => metadata.name === 'r0' && status?.phase === 'Suspended'));
    await delay(2_000);
  });
  return { writesOfOneSuspend: writes };
}

async function restart(stand: OperatorStand, former: OperatorProcess, count: number): Promise<[OperatorProcess, Figures]> {
  await former.stop();
  const before = await stand.calls();
  const startedAt = performance.now();
  const operator = await stand.startOperator();
  await operator.settled(count);
  const seconds = rounded((performance.now() - startedAt) / 1000);
  const cpu = cpuSeconds(operator.pid);
  await delay(restMs);
  const after = await stand.calls();
  const figures = {
    restartSeconds: seconds,
    restartCpuMsPerRuntime: rounded((cpu * 1000) / count, 1),
    writesOfRestart: after.writes - before.writes,
    readsOfRestart: after.reads - before.reads,
    residentAfterRestartMb: residentMegabytes(operator.pid),
  };
  return [operator, figures];
}

async function measure(count: number, report: (figures: Figures) => void): Promise<void> {
  const stand = await createOperatorStand();
  let operator = await stand.startOperator();
  try {
    const created = await create(stand, operator, count, count, awake);
    const suspended = await suspendOne(stand, operator);
    const [next, restarted] = await restart(stand, operator, count);
    operator = next;
    report({ ...created, ...suspended, ...restarted });
    if (count < Math.max(...awakeSizes)) return;
    const more = await create(stand, operator, allOfThem, allOfThem - count, asleep);
    const [last, restartedAgain] = await restart(stand, operator, allOfThem);
    operator = last;
    report({ ...more, ...restartedAgain });
  } finally {
    await operator.stop();
    await stand.stop();
  }
}

interface Bound {
  readonly runtimes: number;
  readonly figure: string;
  readonly what: string;
  readonly most: number;
  readonly unit: string;
}

const bounds: readonly Bound[] = [
  { runtimes: 100, figure: 'createdSeconds', what: 'created until all are ready', most: 20, unit: 's' },
  { runtimes: 100, figure: 'writesPerRuntime', what: 'writes until ready', most: 25, unit: 'per runtime' },
  { runtimes: 100, figure: 'writesOfOneSuspend', what: 'writes of one suspend', most: 30, unit: '' },
  { runtimes: 100, figure: 'residentMb', what: 'resident memory', most: 150, unit: 'MB' },
  { runtimes: 1_000, figure: 'residentMb', what: 'resident memory', most: 350, unit: 'MB' },
  { runtimes: 1_000, figure: 'restartSeconds', what: 'settled after a restart', most: 60, unit: 's' },
  ...[1, 10, 100, 1_000].flatMap((runtimes) => [
    { runtimes, figure: 'writesAtRest', what: 'writes at rest', most: 0, unit: `in ${restMs / 1000} s` },
    { runtimes, figure: 'readsAtRest', what: 'reads at rest beside watches', most: 0, unit: `in ${restMs / 1000} s` },
    { runtimes, figure: 'writesOfRestart', what: 'writes of a restart', most: 0, unit: '' },
  ]),
];

function limitsOf(runs: readonly Figures[]): Limit[] {
  const of = (runtimes: number): Figures[] => runs.filter((run) => run['runtimes'] === runtimes);
  const bounded = bounds.flatMap(({ runtimes, figure, what, most, unit }) =>
    of(runtimes).map((run) => ({ name: `${what}, ${runtimes} runtimes`, value: run[figure] ?? Infinity, most, unit })),
  );
  const growth = (figure: string, few: number, many: number): number =>
    rounded((of(many)[0]?.[figure] ?? 0) / (of(few)[0]?.[figure] ?? 1), 2);
  return [
    ...bounded,
    // Flat: what one of many costs is what one of a few costs.
    { name: 'writes per runtime, 100 against 10', value: growth('writesPerRuntime', 10, 100), most: 1.2, unit: 'times' },
    {
      name: 'CPU of a restart per runtime, 1,000 against 100',
      value: growth('restartCpuMsPerRuntime', 100, 1_000),
      most: 1,
      unit: 'times',
    },
  ];
}

export const benchOperator: Bench = {
  defaultRuns: 1,
  async run(count) {
    const runs: Figures[] = [];
    for (let run = 0; run < count; run += 1) {
      for (const size of awakeSizes) {
        await measure(size, (figures) => {
          runs.push(figures);
          process.stderr.write(`${JSON.stringify(figures)}\n`);
        });
      }
    }
    return {
      what: 'runtimes (100 awake at most, the others asleep) on a real kube-apiserver and a node that pretends; calls by the audit log, Leases left out; the operator as tools/start.mjs starts it',
      runs,
      limits: limitsOf(runs),
    };
  },
};

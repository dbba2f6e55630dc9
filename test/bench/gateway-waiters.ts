// Many clients that wait for one sleeping runtime through one gateway process: what it costs to hold them, how late their polls are
// answered, whether one wake does for all, whether all come to their end, and in which order.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pollHoldMs } from '../../src/gateway/hold/poll-pace.ts';
import { formatHeldId } from '../../src/trino/protocol/query-id.ts';
import { residentMegabytes, type Bench } from './bench.ts';
import { freePort } from './gateway.ts';
import { cpuMicrosecondsOf, startCoordinator } from './gateway/processes.ts';
import { startSleepingGateway, startWaiters } from './gateway/waiting.ts';

type Row = Readonly<Record<string, number>>;

const users = 50;
/** Until all polls are the long ones, and as long as they are looked at. */
const settleMs = 8_000;
const watchedMs = 25_000;
/** Of a late poll of so many who wait, on average over sixteen clients and the first sixteen of theirs. */
function longHoldMsOf(clients: number): number {
  const polls = Array.from({ length: 256 }, (_, index) => ({ id: formatHeldId(0, index % 16, 'be'), token: 3 + Math.floor(index / 16) }));
  return polls.reduce((sum, { id, token }) => sum + pollHoldMs(token, 'bench', id, clients), 0) / polls.length;
}

/** Of the statements as they came to the coordinator. */
export function judgeOrder(order: readonly string[]): { readonly overtaken: number; readonly spread: number } {
  const served = new Map<string, number>();
  const last = new Map<string, number>();
  let [overtaken, spread] = [0, 0];
  for (const sql of order) {
    const [user = '', index = ''] = sql.split(' ');
    if (Number(index) < (last.get(user) ?? -1)) overtaken += 1;
    last.set(user, Math.max(last.get(user) ?? -1, Number(index)));
    served.set(user, (served.get(user) ?? 0) + 1);
    if (served.size === users) spread = Math.max(spread, Math.max(...served.values()) - Math.min(...served.values()));
  }
  return { overtaken, spread };
}

async function measure(clients: number): Promise<Row> {
  const coordinator = await startCoordinator(1, 1_024, 100_000);
  const order: string[] = [];
  createInterface(coordinator.child.stdout as NodeJS.ReadableStream).on('line', (line) => order.push(line));
  const port = await freePort();
  const gateway = await startSleepingGateway(port, coordinator.port);
  const { pid } = gateway.running;
  const emptyMegabytes = residentMegabytes(pid);
  try {
    const waiters = await startWaiters({ port, users, perUser: clients / users, atOnce: 1, runtime: 'team/a' });
    await delay(settleMs);
    await waiters.report();
    const beganAt = cpuMicrosecondsOf(pid);
    await delay(watchedMs);
    const polls = await waiters.report();
    const cpu = cpuMicrosecondsOf(pid) - beganAt;
    const waitingMegabytes = residentMegabytes(pid);
    gateway.letRun();
    const wokenAt = performance.now();
    const { finished, failed } = await waiters.ends;
    const row = {
      clients,
      wakes: gateway.wakes(),
      finished,
      failed,
      emptyMegabytes,
      waitingMegabytes,
      peakMegabytes: residentMegabytes(pid, 'peak'),
      pollsPerSecond: Math.round(polls.polls / polls.seconds),
      expectedPollsPerSecond: Math.round(clients / (longHoldMsOf(clients) / 1_000)),
      cpuShare: Number((cpu / 1e6 / polls.seconds).toFixed(2)),
      pollLateP50Milliseconds: polls.lateP50,
      pollLateP99Milliseconds: polls.lateP99,
      pollLateMostMilliseconds: polls.lateMost,
      millisecondsFromWakeToLastEnd: Math.round(performance.now() - wokenAt),
      ...judgeOrder(order),
    };
    process.stderr.write(`${JSON.stringify(row)}\n`);
    return row;
  } finally {
    await gateway.running.stop();
    await coordinator.stop();
  }
}

const most = (rows: readonly Row[], name: string): number => Math.max(...rows.map(({ [name]: value = Infinity }) => value));

export const benchGatewayWaiters: Bench = {
  defaultRuns: 3,
  async run(count) {
    const [five, ten]: Row[][] = [[], []];
    while ((five as Row[]).length < count) {
      five?.push(await measure(5_000));
      ten?.push(await measure(10_000));
    }
    const [fiveThousand, tenThousand] = [five ?? [], ten ?? []];
    // Who is between two polls is passed over, and is next when it is back: nobody falls behind by more than a few.
    const ahead = [...fiveThousand, ...tenThousand].map(({ spread = 0, clients = 1 }) => ({ share: spread / (clients / users) }));
    const all = [...fiveThousand, ...tenThousand];
    const unfinished = all.map(({ clients = 0, finished = 0 }) => ({ unfinished: clients - finished }));
    return {
      what: `5,000, then 10,000 clients of ${users} users wait for one sleeping runtime through one gateway process, each poll kept open for 24 s on average; then it wakes. Latest of all runs`,
      runs: all,
      limits: [
        { name: 'wakes that the gateway asked for', value: most(all, 'wakes'), most: 1, unit: '' },
        { name: 'clients that did not come to their end', value: most(unfinished, 'unfinished'), most: 0, unit: '' },
        { name: 'resident memory at its peak, 5,000 clients', value: most(fiveThousand, 'peakMegabytes'), most: 400, unit: 'MB' },
        {
          name: 'p99 of a poll beyond its hold, 10,000 clients',
          value: most(tenThousand, 'pollLateP99Milliseconds'),
          most: 100,
          unit: 'ms',
        },
        { name: 'statements of one user that overtook another of the same', value: most(all, 'overtaken'), most: 0, unit: '' },
        { name: 'how far one user was ahead of another, in parts of what each had', value: most(ahead, 'share'), most: 0.05, unit: '' },
      ],
    };
  },
};

// What the benchmarks of waiting have in common: a gateway before a sleeping runtime, and clients that wait there.
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';
import { loadCore, loadFlags, measuredCore, runningAs, start, type Running } from './processes.ts';
import type { Ends, PollsReport, Waiters } from './waiters.ts';

const here = import.meta.dirname;
/** As tools/start.mjs gives them to a gateway. */
const gatewayFlags = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=8',
  '--heap-growing-percent=50',
  '--no-parallel-scavenge',
  '--no-concurrent-array-buffer-sweeping',
  '--concurrent-marking-max-worker-num=1',
];

async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

export interface SleepingGateway {
  readonly running: Running;
  wakes(): number;
  letRun(): void;
}

export async function startSleepingGateway(port: number, coordinatorPort: number): Promise<SleepingGateway> {
  const script = [join(here, 'sleeping-gateway.ts'), String(port), String(coordinatorPort)];
  const child = start(measuredCore, [process.execPath, ...gatewayFlags, ...script], 'ignore');
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  let wakes = 0;
  lines.on('line', (line) => (wakes += line === 'wake' ? 1 : 0));
  await nextLine(lines);
  return { running: runningAs(child, port), wakes: () => wakes, letRun: () => void child.stdin?.write('run\n') };
}

export interface WaitingClients {
  /** What the polls since the last report were like. */
  report(): Promise<PollsReport>;
  /** Fulfilled when all have come to their end. */
  readonly ends: Promise<Ends>;
  stop(): Promise<void>;
}

/** Fulfilled when each has its first page. */
export async function startWaiters(waiters: Waiters): Promise<WaitingClients> {
  const child = start(loadCore, [process.execPath, ...loadFlags, join(here, 'waiters.ts'), JSON.stringify(waiters)]);
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  const { promise: ends, resolve, reject } = Promise.withResolvers<Ends>();
  const reports: ((report: PollsReport) => void)[] = [];
  const isWaiting = nextLine(lines);
  lines.on('line', (line) => {
    if (line === 'waiting') return;
    const said = JSON.parse(line) as PollsReport | Ends;
    if ('polls' in said) reports.shift()?.(said);
    else resolve(said);
  });
  child.once('exit', (code) => reject(new Error(`the waiting clients ended with code ${code}`)));
  ends.catch(() => undefined);
  await Promise.race([isWaiting, ends]);
  return {
    ends,
    report: () =>
      new Promise((take) => {
        reports.push(take);
        child.stdin?.write('report\n');
      }),
    stop: () => runningAs(child, 0).stop(),
  };
}

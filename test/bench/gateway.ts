// What the gateway costs per request, against HAProxy, which a user could put there instead, and against nothing in between: the same
// coordinator and the same load, one after the other in each round, each on one core. Ratios, since they hold on another machine too.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, type Bench } from './bench.ts';
import {
  measure,
  measureIdle,
  residentKilobytesOf,
  startCoordinator,
  startGateway,
  startHaproxy,
  type Measured,
  type Running,
} from './gateway/processes.ts';

/** A statement is a POST, a queued page and these. */
const pages = 6;
const smallPage = 1_024;
const largePage = 1_000_000;
const connections = 32;
const idleConnections = 10_000;
const statements = { mode: 'statements', connections, warmUpMs: 1_500, measuredMs: 3_000 } as const;
/** Until what is hot is compiled: a gateway runs for weeks, and the compiler shares its core here. */
const warmUp = { mode: 'statements', connections, warmUpMs: 0, measuredMs: 15_000 } as const;
const largeStatements = { mode: 'statements', connections: 8, warmUpMs: 1_000, measuredMs: 3_000 } as const;
const polls = { mode: 'polls', connections, perSecond: 1_000, warmUpMs: 1_000, measuredMs: 4_000 } as const;

type Row = Readonly<Record<string, number>>;

export interface Rig {
  readonly coordinator: Running;
  readonly haproxy: Running;
  readonly gateway: Running;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function startRig(pageBytes: number): Promise<Rig> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-bench-'));
  const started: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const { stop: end } of started.toReversed()) await end();
    rmSync(directory, { recursive: true });
  };
  const add = async (starting: Promise<Running>): Promise<Running> => {
    const running = await starting;
    started.push(running);
    return running;
  };
  try {
    const coordinator = await add(startCoordinator(pages, pageBytes));
    const haproxy = await add(startHaproxy(directory, await freePort(), coordinator.port));
    const gateway = await add(startGateway(directory, await freePort(), coordinator.port));
    return { coordinator, haproxy, gateway, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

const perRequest = ({ cpuMicroseconds, requests }: Measured): number => cpuMicroseconds / requests;
/** Of CPU time, per 10^9 bytes of pages. */
const millisecondsPerGigabyte = ({ cpuMicroseconds, bytes }: Measured): number => cpuMicroseconds / 1e3 / (bytes / 1e9);

async function measureSmall({ coordinator, haproxy, gateway }: Rig): Promise<Row> {
  const theirs = await measure(haproxy, statements);
  const ours = await measure(gateway, statements);
  const directly = await measure(coordinator, polls);
  const theirPolls = await measure(haproxy, polls);
  const ourPolls = await measure(gateway, polls);
  return {
    haproxyCpuMicrosecondsPerRequest: round(perRequest(theirs), 1),
    gatewayCpuMicrosecondsPerRequest: round(perRequest(ours), 1),
    cpuRatio: round(perRequest(ours) / perRequest(theirs)),
    haproxyRequestsPerSecond: Math.round(theirs.requests / (statements.measuredMs / 1_000)),
    gatewayRequestsPerSecond: Math.round(ours.requests / (statements.measuredMs / 1_000)),
    directP50Milliseconds: round(directly.p50, 3),
    haproxyP50Milliseconds: round(theirPolls.p50, 3),
    gatewayP50Milliseconds: round(ourPolls.p50, 3),
    p50Ratio: round(ourPolls.p50 / theirPolls.p50),
    directP99Milliseconds: round(directly.p99, 3),
    haproxyP99Milliseconds: round(theirPolls.p99, 3),
    gatewayP99Milliseconds: round(ourPolls.p99, 3),
    p99Ratio: round(ourPolls.p99 / theirPolls.p99),
  };
}

async function measureLarge({ haproxy, gateway }: Rig): Promise<Row> {
  const theirs = await measure(haproxy, largeStatements);
  const ours = await measure(gateway, { ...largeStatements, client: 'cli' });
  const oursWhole = await measure(gateway, largeStatements);
  return {
    haproxyCpuMillisecondsPerGigabyte: Math.round(millisecondsPerGigabyte(theirs)),
    gatewayCpuMillisecondsPerGigabyte: Math.round(millisecondsPerGigabyte(ours)),
    gigabyteRatio: round(millisecondsPerGigabyte(ours) / millisecondsPerGigabyte(theirs)),
    gatewayCpuMillisecondsPerGigabyteKeptWhole: Math.round(millisecondsPerGigabyte(oursWhole)),
    gigabyteRatioKeptWhole: round(millisecondsPerGigabyte(oursWhole) / millisecondsPerGigabyte(theirs)),
  };
}

async function measureMemory({ gateway }: Rig): Promise<Row> {
  await measure(gateway, { ...statements, connections: 64 });
  const busyMegabytes = residentKilobytesOf(gateway.pid) / 1_000;
  const idleKilobytes = await measureIdle(gateway, idleConnections);
  return {
    megabytesAt64Connections: round(busyMegabytes, 1),
    idleConnections,
    kilobytesPerIdleConnection: round(Math.max(0, idleKilobytes) / idleConnections, 1),
  };
}

async function withRig<T>(pageBytes: number, work: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await startRig(pageBytes);
  try {
    return await work(rig);
  } finally {
    await rig.stop();
  }
}

async function repeat(times: number, measureOnce: () => Promise<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < times) {
    rows.push(await measureOnce());
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
  return rows;
}

const medianOf = (rows: readonly Row[], name: string): number => round(median(rows.map(({ [name]: value = Infinity }) => value)));

export const benchGateway: Bench = {
  defaultRuns: 5,
  async run(count) {
    const small = await withRig(smallPage, async (rig) => {
      await measure(rig.gateway, warmUp);
      return repeat(count, () => measureSmall(rig));
    });
    const large = await withRig(largePage, (rig) => repeat(count, () => measureLarge(rig)));
    const memory = await withRig(smallPage, (rig) => repeat(1, () => measureMemory(rig)));
    const of = medianOf;
    return {
      what: `the gateway and HAProxy (one thread) on one core each, before the same fake coordinator: statements of ${pages + 2} requests with pages of 1 KB, then of 1 MB; polls at 1,000 a second`,
      runs: [...small, ...large, ...memory],
      limits: [
        { name: 'CPU time per request, 1 KB pages, against HAProxy', value: of(small, 'cpuRatio'), most: 2.5, unit: 'x' },
        { name: 'p50 of a poll at 1,000 a second, against HAProxy', value: of(small, 'p50Ratio'), most: 1.7, unit: 'x' },
        { name: 'p99 of a poll at 1,000 a second, against HAProxy', value: of(small, 'p99Ratio'), most: 2.5, unit: 'x' },
        { name: 'CPU time per GB, 1 MB pages, against HAProxy', value: of(large, 'gigabyteRatio'), most: 2, unit: 'x' },
        { name: 'the same, pages kept whole for Python', value: of(large, 'gigabyteRatioKeptWhole'), most: 2, unit: 'x' },
        { name: 'resident memory at 64 connections', value: of(memory, 'megabytesAt64Connections'), most: 120, unit: 'MB' },
        { name: 'memory per idle connection', value: of(memory, 'kilobytesPerIdleConnection'), most: 20, unit: 'KB' },
      ],
    };
  },
};

/** `--runs` are minutes. Flat: what grows with the requests, not with the load, shows as a slope. */
export const benchGatewaySoak: Bench = {
  defaultRuns: 10,
  run: (minutes) =>
    withRig(100_000, async ({ gateway }) => {
      const megabytes: number[] = [];
      const runs: Row[] = [];
      while (runs.length < minutes) {
        const half = { mode: 'statements', connections: 64, warmUpMs: 0, measuredMs: 20_000 } as const;
        const streamed = await measure(gateway, { ...half, client: 'cli' });
        const keptWhole = await measure(gateway, half);
        await measureIdle(gateway, 1_000);
        await measure(gateway, { ...polls, measuredMs: 15_000 });
        await delay(1_000);
        megabytes.push(residentKilobytesOf(gateway.pid) / 1_000);
        runs.push({ statements: streamed.statements + keptWhole.statements, megabytes: round(megabytes.at(-1) ?? 0, 1) });
        process.stderr.write(`${JSON.stringify(runs.at(-1))}\n`);
      }
      const third = Math.max(1, Math.floor(minutes / 3));
      const growth = median(megabytes.slice(-third)) / median(megabytes.slice(third, 2 * third));
      return {
        what: 'the gateway under mixed load: statements with pages of 100 KB, streamed and kept whole in turns, idle connections that come and go, polls; a minute each',
        runs,
        limits: [{ name: 'memory in the last third against the second', value: round(growth), most: 1.05, unit: 'x' }],
      };
    }),
};

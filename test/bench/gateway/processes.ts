// The processes of the gateway's benchmark: each on a core of its own side, and what the kernel says of it. Linux only.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { coordinatorId } from './statement.ts';
import type { Load, LoadResult, Turn } from './load.ts';

/** Where what is measured runs, alone; the load and the coordinator share the other. */
export const measuredCore = Math.min(1, availableParallelism() - 1);
export const loadCore = 0;
const startTimeoutMs = 30_000;
/** Of a Linux kernel as everybody has it: the unit of utime and stime in /proc. */
const ticksPerSecond = 100;

const here = import.meta.dirname;
/** One thread: those of V8 would keep each other's main threads on this core waiting, for milliseconds at a time. */
export const loadFlags = ['--disable-warning=ExperimentalWarning', '--single-threaded'];

/** Gives way at once to whatever else has something to do on its core. */
export const inIdleTime = ['chrt', '-i', '0'];

/**
 * Until the function that it returns is called, no processor sleeps when it has nothing to do: on a virtual machine one that sleeps is
 * given away, and wakes when its host comes to it, milliseconds later and with cold caches. What cyclictest does, and needs root as that.
 * Undefined where it cannot be had.
 */
export function keepAwake(): (() => void) | undefined {
  try {
    const file = openSync('/dev/cpu_dma_latency', 'w');
    // The longest time to wake up that is allowed, in µs: 32 bits.
    writeSync(file, new Uint8Array(4));
    return () => closeSync(file);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * A process's main thread goes before whatever else is on its core, until the function that it returns is called: what watches the machine
 * counts the open files of all processes, for longer the more there are. Needs root; undefined where it cannot be had.
 */
export function goFirst(pid: number): (() => void) | undefined {
  const set = (...policy: string[]): boolean => spawnSync('chrt', [...policy, String(pid)]).status === 0;
  return set('-f', '-p', '1') ? () => void set('-o', '-p', '0') : undefined;
}

export interface Running {
  readonly port: number;
  readonly pid: number;
  /** Lines to its stdin and from its stdout. */
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

export function start(core: number, command: readonly string[], stderr: 'inherit' | 'ignore' = 'inherit'): ChildProcess {
  return spawn('taskset', ['-c', String(core), ...command], { stdio: ['pipe', 'pipe', stderr] });
}

export function runningAs(child: ChildProcess, port: number): Running {
  return {
    port,
    pid: child.pid as number,
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function startCoordinator(pages: number, bytes: number, ids = 1_000, id = coordinatorId): Promise<Running> {
  const args = [String(pages), String(bytes), String(ids), id];
  const child = start(loadCore, [process.execPath, ...loadFlags, join(here, 'coordinator.ts'), ...args]);
  const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string];
  return runningAs(child, Number(line));
}

/** Since the start of the process, of all its threads, in microseconds. Resolution: 10 ms. */
export function cpuMicrosecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number) as [number, number];
  return ((userTicks + systemTicks) * 1_000_000) / ticksPerSecond;
}

export function residentKilobytesOf(pid: number): number {
  return (Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024) / 1000;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > startTimeoutMs) throw new Error(`${what} did not start`);
    await delay(50);
  }
}

/** As the person would set it up who takes it instead of a gateway: kept-alive connections on both sides, the same headers added. */
function haproxyConfig(port: number, coordinatorPort: number): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 75s
frontend trino
  bind 127.0.0.1:${port}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  default_backend coordinator
backend coordinator
  http-reuse always
  server one 127.0.0.1:${coordinatorPort}
`;
}

/** Throws with how to get it when there is none. */
export async function startHaproxy(directory: string, port: number, coordinatorPort: number): Promise<Running> {
  if (spawnSync('haproxy', ['-v']).status !== 0)
    throw new Error('this benchmark compares with HAProxy, which is not installed: apt-get install haproxy (Debian, Ubuntu).');
  const file = join(directory, `haproxy-${port}.cfg`);
  writeFileSync(file, haproxyConfig(port, coordinatorPort));
  const child = start(measuredCore, ['haproxy', '-db', '-q', '-f', file]);
  await until(() => isListening(port), 'HAProxy');
  return runningAs(child, port);
}

/** `stalledPort`: of the coordinator of a second runtime. The process that users run, from a file of routes; the start script becomes it. A profile: NODE_OPTIONS='--cpu-prof --cpu-prof-dir=DIR'. */
export async function startGateway(directory: string, port: number, coordinatorPort: number, stalledPort?: number): Promise<Running> {
  const routes = join(directory, `routes-${port}.json`);
  const coordinatorUrl = `http://127.0.0.1:${coordinatorPort}`;
  const entry = { namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl, coordinatorId, isDefault: true };
  const other = { namespace: 'team', name: 'stalled', state: 'RUNNING', coordinatorUrl: `http://127.0.0.1:${stalledPort}` };
  writeFileSync(routes, JSON.stringify(stalledPort === undefined ? [entry] : [entry, other]));
  const script = join(here, '..', '..', '..', 'tools', 'start.mjs');
  // It logs as it does by default, a line per statement.
  const args = [script, 'gateway', '--routes', routes, '--listen', `127.0.0.1:${port}`];
  const child = start(measuredCore, [process.execPath, ...args], 'ignore');
  await until(async () => (await isListening(port)) && (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, 'the gateway');
  return runningAs(child, port);
}

export interface Measured extends LoadResult {
  readonly cpuMicroseconds: number;
}

/** Puts a load on `through.port` and takes the CPU time that `through` needs for it. */
export async function measure(through: Running, load: Omit<Load, 'port'>): Promise<Measured> {
  const child = start(loadCore, [process.execPath, ...loadFlags, join(here, 'load.ts'), JSON.stringify({ ...load, port: through.port })]);
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  let beganAt = 0;
  for await (const line of lines) {
    if (line === 'begin') beganAt = cpuMicrosecondsOf(through.pid);
    else return { ...(JSON.parse(line) as LoadResult), cpuMicroseconds: cpuMicrosecondsOf(through.pid) - beganAt };
  }
  throw new Error(`the load on port ${through.port} ended without a result`);
}

export interface Turns {
  /** What all turns so far were like. */
  turn(turn: Turn): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** A load on `port` in turns. It goes first on its core. */
export function startTurns(load: Omit<Load, 'mode'>): Turns {
  const child = start(loadCore, [process.execPath, ...loadFlags, join(here, 'load.ts'), JSON.stringify({ ...load, mode: 'turns' })]);
  goFirst(child.pid as number);
  const lines = createInterface(child.stdout as NodeJS.ReadableStream);
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the load on port ${load.port} ended with code ${code}`);
  });
  // Whoever waits for it is told.
  exited.catch(() => undefined);
  return {
    async turn(turn) {
      const line = once(lines, 'line');
      child.stdin?.write(`${JSON.stringify(turn)}\n`);
      return JSON.parse(((await Promise.race([line, exited])) as [string])[0]) as LoadResult;
    },
    stop: () => runningAs(child, load.port).stop(),
  };
}

/** Opens connections that have asked once and stay; what the process grew by, in kilobytes. */
export async function measureIdle(through: Running, connections: number): Promise<number> {
  const before = residentKilobytesOf(through.pid);
  const load: Load = { mode: 'idle', port: through.port, connections };
  const child = start(loadCore, [process.execPath, ...loadFlags, join(here, 'load.ts'), JSON.stringify(load)]);
  await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  const after = residentKilobytesOf(through.pid);
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
  return after - before;
}

// A program of its own: the parent of all container processes of one process node, so that none outlives it. Node's IPC
// channel closes when the process node dies, by kill -9 too; then everything is ended, at last by SIGKILL. Each process leads
// a process group of its own. Standard input of each is a pipe that only this process holds: Trino's launcher ends when it
// closes, which covers the death of this process as well.
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { rmSync, writeFileSync } from 'node:fs';
import { createLogWriter } from './log-writer.ts';
import { readBootId, readStartTime } from './proc-stat.ts';
import type { FromSupervisor, StartMessage, ToSupervisor } from './supervisor-protocol.ts';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** From the parent's death to SIGKILL, ms. */
const patienceMs = Number(process.argv[2]);
/** How long output of a dead process is waited for: a grandchild outside the group may hold the pipe. */
const OUTPUT_PATIENCE_MS = 2_000;

const running = new Map<string, ChildProcess>();
const bootId = readBootId();
let isEnding = false;

function tell(message: FromSupervisor): void {
  if (process.connected) process.send?.(message);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function start(message: StartMessage): void {
  const { id } = message;
  const log = createLogWriter({ file: message.logFile, maxBytes: MAX_LOG_BYTES, now: Date.now });
  const child = spawn(message.command, [...message.args], {
    cwd: message.workingDirectory,
    env: message.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // leads a session and a process group of its own
  });
  child.stdin.on('error', () => undefined); // nobody reads what is never written
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => log.write('stdout', chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.write('stderr', chunk));
  let isOver = false;
  const finish = (result: Omit<Extract<FromSupervisor, { type: 'exited' }>, 'type' | 'id'>): void => {
    if (isOver) return;
    isOver = true;
    running.delete(id);
    log.close();
    rmSync(message.pidFile, { force: true });
    tell({ type: 'exited', id, ...result });
    leaveWhenDone();
  };
  child.on('error', (error) => {
    if (child.pid === undefined) finish({ exitCode: 128, startError: error.message });
  });
  child.on('exit', (code, signal) => {
    signalGroup(child, 'SIGKILL'); // a container dies with its first process
    const result = signal === null ? { exitCode: code ?? 0 } : { exitCode: 128 + constants.signals[signal], signal };
    child.once('close', () => finish(result));
    setTimeout(() => finish(result), OUTPUT_PATIENCE_MS).unref();
  });
  if (child.pid === undefined) return;
  running.set(id, child);
  const startTime = readStartTime(child.pid) ?? 0;
  writeFileSync(message.pidFile, JSON.stringify({ pid: child.pid, startTime, bootId }));
  tell({ type: 'started', id, pid: child.pid, startTime });
}

function endAll(): void {
  if (isEnding) return;
  isEnding = true;
  for (const child of running.values()) signalGroup(child, 'SIGTERM');
  setTimeout(() => {
    for (const child of running.values()) signalGroup(child, 'SIGKILL');
  }, patienceMs);
  leaveWhenDone();
}

function leaveWhenDone(): void {
  if (isEnding && running.size === 0) process.exit(0);
}

process.on('message', (message: ToSupervisor) => {
  if (message.type === 'start') {
    if (!isEnding) start(message);
    return;
  }
  const child = running.get(message.id);
  if (child !== undefined) signalGroup(child, message.signal);
});
process.on('disconnect', endAll);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, endAll);

// Starts and ends container processes through the supervisor (supervisor.ts), of which there is one per process node.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Log } from '#observe/log.ts';
import { isStillThere, readRecord } from './process-record.ts';
import { listProcessGroup } from './proc-stat.ts';
import type { ExitedMessage, FromSupervisor, StartMessage, ToSupervisor } from './supervisor-protocol.ts';

export type ProcessExit = Omit<ExitedMessage, 'type' | 'id'>;

export interface SupervisedProcess {
  readonly exited: Promise<ProcessExit>;
  /** To the whole process group. Nothing happens when it has ended. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface ProcessStarter {
  /** Never rejects: a program that cannot be started exits with `startError`. */
  start(start: Omit<StartMessage, 'type' | 'id'>): SupervisedProcess;
}

export interface SupervisedProcesses extends ProcessStarter {
  /** Ends what still runs (SIGTERM, SIGKILL `patienceMs` later) and the supervisor itself. */
  stop(): Promise<void>;
}

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url));
/** It moves log lines and little else; V8 would take more of a laptop's memory just because it is there. */
const SUPERVISOR_FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'];

interface Known {
  readonly finish: (exit: ProcessExit) => void;
  readonly pidFile: string;
  pid?: number;
}

export interface SupervisedProcessesInit {
  readonly log: Log;
  /** Takes what the supervisor itself has to say, which is nothing unless it fails. */
  readonly logFile: string;
  /** From our end (or death) to SIGKILL, ms; default 12 s, so that all are gone within 20 s. */
  readonly patienceMs?: number;
}

/** A supervisor may die after it started a process and before it could tell. */
function recordedPid(pidFile: string): number | undefined {
  const record = readRecord(pidFile);
  return record !== undefined && isStillThere(record) ? record.pid : undefined;
}

export function createSupervisedProcesses({ log, logFile, patienceMs = 12_000 }: SupervisedProcessesInit): SupervisedProcesses {
  const known = new Map<string, Known>();
  let supervisor: ChildProcess | undefined;
  let count = 0;
  let isStopped = false;

  function take(message: FromSupervisor): void {
    const entry = known.get(message.id);
    if (entry === undefined) return;
    if (message.type === 'started') {
      entry.pid = message.pid;
      return;
    }
    known.delete(message.id);
    const { type: _type, id: _id, ...exit } = message;
    entry.finish(exit);
  }

  /** Its children lose their standard input and must not run on unseen. */
  function lost(): void {
    supervisor = undefined;
    if (!isStopped) log.error('the supervisor of the container processes died; ending them', { processes: known.size });
    for (const [id, entry] of known) {
      known.delete(id);
      const pid = entry.pid ?? recordedPid(entry.pidFile);
      if (pid !== undefined && listProcessGroup(pid).length > 0) process.kill(-pid, 'SIGKILL');
      entry.finish({ exitCode: 137, signal: 'SIGKILL' });
    }
  }

  function running(): ChildProcess {
    if (supervisor !== undefined) return supervisor;
    const output = openSync(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [...SUPERVISOR_FLAGS, SUPERVISOR, String(patienceMs)], {
      stdio: ['ignore', output, output, 'ipc'],
      env: {},
      detached: true, // Ctrl-C in a terminal is for us to handle, not for it
      serialization: 'json',
    });
    closeSync(output);
    child.on('message', (message: FromSupervisor) => take(message));
    child.on('exit', () => {
      if (supervisor === child) lost();
    });
    child.on('error', (error) => log.error('the supervisor of the container processes cannot be reached', { error }));
    supervisor = child;
    return child;
  }

  function send(message: ToSupervisor): void {
    const child = running();
    if (child.connected) child.send(message, (error) => error !== null && log.warn('a message to the supervisor was lost', { error }));
  }

  return {
    start(start) {
      const id = String((count += 1));
      const { promise, resolve } = Promise.withResolvers<ProcessExit>();
      known.set(id, { finish: resolve, pidFile: start.pidFile });
      send({ ...start, type: 'start', id });
      return {
        exited: promise,
        signal: (signal) => {
          if (known.has(id)) send({ type: 'signal', id, signal });
        },
      };
    },
    async stop() {
      isStopped = true;
      const child = supervisor;
      if (child === undefined) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

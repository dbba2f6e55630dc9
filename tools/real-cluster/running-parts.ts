// The processes of one private control plane: started, watched for their end, ended together. Their parent is a supervisor
// (node/supervisor.ts), so that they do not outlive this process.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSupervisedProcesses, type SupervisedProcess } from '#node/supervised-processes.ts';
import { createLog } from '#observe/log.ts';

export interface RunningPart {
  /** Fulfilled, never rejected, with what happened and the end of the part's log. */
  readonly ended: Promise<PartEnded>;
  /** SIGKILL; fulfilled when it has ended. */
  kill(): Promise<void>;
}

export interface RunningParts {
  /** `program` is a path; `args` may name files relative to the cluster's directory. */
  start(name: string, program: string, args: readonly string[]): RunningPart;
  /** Ends all at once, without grace: nothing of theirs is kept. */
  stop(): Promise<void>;
}

export class PartEnded extends Error {
  override readonly name = 'PartEnded';
  readonly log: string;

  constructor(part: string, how: string, log: string) {
    super(`${part} ${how}; the end of its log:\n${log}`);
    this.log = log;
  }
}

/** From the death of this process to SIGKILL. */
const endPatienceMs = 500;
const tailLines = 15;

export async function createRunningParts(directory: string): Promise<RunningParts> {
  // where cluster-directory.ts finds what a supervisor that was killed too left running
  await mkdir(join(directory, 'processes'), { recursive: true, mode: 0o700 });
  const processes = createSupervisedProcesses({
    log: createLog({ level: 'warn', format: 'pretty' }),
    logFile: join(directory, 'supervisor.log'),
    patienceMs: endPatienceMs,
  });
  const running = new Set<SupervisedProcess>();
  return {
    start(name, program, args) {
      const started = processes.start({
        command: program,
        args,
        env: {},
        workingDirectory: directory,
        logFile: join(directory, `${name}.log`),
        pidFile: join(directory, 'processes', name),
      });
      running.add(started);
      const ended = started.exited.then(async (exit) => {
        running.delete(started);
        const how = exit.startError ?? `ended with ${exit.signal ?? `code ${exit.exitCode}`}`;
        return new PartEnded(name, how, await readTail(directory, name));
      });
      return {
        ended,
        async kill() {
          started.signal('SIGKILL');
          await ended;
        },
      };
    },
    async stop() {
      const ends = [...running].map((one) => {
        one.signal('SIGKILL');
        return one.exited;
      });
      await Promise.all(ends);
      await processes.stop();
    },
  };
}

/** The last lines that a part wrote; empty when it wrote none. */
export async function readTail(directory: string, part: string): Promise<string> {
  const text = await readFile(join(directory, `${part}.log`), 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-tailLines).join('\n');
}

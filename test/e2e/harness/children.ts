// Child processes of the tests: started, awaited, and ended with the test process whatever happens to it.
import { spawn, type ChildProcess } from 'node:child_process';

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  out(): string;
  notes(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface Finished {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly out: string;
  readonly notes: string;
  readonly tookMs: number;
}

const living = new Set<ChildProcess>();
/** With what it started itself: a killed launcher would leave its program running. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
process.on('exit', () => living.forEach(killGroup));
// Without a listener these end the process at once, and nothing would tell the children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

export function start(command: readonly string[], options: { readonly env?: NodeJS.ProcessEnv; readonly directory?: string } = {}): Child {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: options.directory,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // leads a process group of its own
  });
  const text = { out: '', notes: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.notes += chunk));
  // A program that ends without reading its input is no fault of the test.
  child.stdin.on('error', () => undefined);
  living.add(child);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      living.delete(child);
      resolve({ code, signal });
    });
  });
  return { process: child, pid: child.pid ?? -1, out: () => text.out, notes: () => text.notes, ended };
}

/** Its end, with all that it said. Rejects when the program cannot be started. */
export async function finish(child: Child, stdin = ''): Promise<Finished> {
  const startedAt = performance.now();
  child.process.stdin?.end(stdin);
  const { code } = await child.ended;
  return { code: code ?? -1, out: child.out(), notes: child.notes(), tookMs: Math.round(performance.now() - startedAt) };
}

// Runs one short-lived tool (java -version, javac, mvn) to its end and returns what it said. Long-lived processes belong to
// supervised-processes.ts.
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number;
  /** stdout and stderr as they came, the last 256 KiB. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

const KEPT_OUTPUT_CHARS = 256 * 1024;

/** Rejects only when the program cannot be started or `signal` aborts; a failing exit code is a result. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    let output = '';
    let partial = '';
    const child = spawn(command, args, {
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const take = (chunk: string): void => {
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARS);
      if (options.onLine === undefined) return;
      const lines = (partial + chunk).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ exitCode: code ?? (signal === null ? 1 : 128), output }));
  });
}

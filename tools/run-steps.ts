// Runs commands one after the other, telling each one's time, and stops at the first that fails. Used by check, test and test:full.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const root = join(import.meta.dirname, '..');

function run({ command, env }: Step): Promise<number> {
  const [program = '', ...args] = command;
  const bin = join(root, 'node_modules', '.bin');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env },
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

export interface StepResult {
  readonly name: string;
  readonly isWell: boolean;
  readonly seconds: number;
}

/** True when all went well. `onStep` hears of each step that has ended. */
export async function runSteps(steps: readonly Step[], onStep: (result: StepResult) => void = () => undefined): Promise<boolean> {
  const startedAt = performance.now();
  for (const step of steps) {
    const stepStartedAt = performance.now();
    const code = await run(step);
    const seconds = Number(((performance.now() - stepStartedAt) / 1000).toFixed(1));
    process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${seconds.toFixed(1)} s)\n`);
    onStep({ name: step.name, isWell: code === 0, seconds });
    if (code !== 0) return false;
  }
  process.stdout.write(`all well in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return true;
}

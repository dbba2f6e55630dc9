// Runs commands one after the other, or some beside each other, telling each one's time, and stops where one fails. Used by check, test and test:full.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const root = join(import.meta.dirname, '..');

/** `out`: where what it says goes, when it is not to be said at once. */
function run({ command, env }: Step, out?: Buffer[]): Promise<number> {
  const [program = '', ...args] = command;
  const bin = join(root, 'node_modules', '.bin');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: out === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => out?.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

export interface StepResult {
  readonly name: string;
  readonly isWell: boolean;
  readonly seconds: number;
}

/**
 * True when all went well. Steps of an inner list run beside each other, and what each says is printed at its end. `onStep` hears of each
 * step that has ended.
 */
export async function runSteps(
  steps: readonly (Step | readonly Step[])[],
  onStep: (result: StepResult) => void = () => undefined,
): Promise<boolean> {
  const secondsSince = (startedAt: number): number => Number(((performance.now() - startedAt) / 1000).toFixed(1));
  const startedAt = performance.now();

  async function take(step: Step, out?: Buffer[]): Promise<boolean> {
    const stepStartedAt = performance.now();
    const isWell = (await run(step, out)) === 0;
    const seconds = secondsSince(stepStartedAt);
    for (const chunk of out ?? []) process.stdout.write(chunk);
    process.stdout.write(`${isWell ? 'ok  ' : 'FAIL'} ${step.name} (${seconds.toFixed(1)} s)\n`);
    onStep({ name: step.name, isWell, seconds });
    return isWell;
  }

  for (const step of steps) {
    const areWell = 'name' in step ? [await take(step)] : await Promise.all(step.map((one) => take(one, [])));
    if (areWell.includes(false)) return false;
  }
  process.stdout.write(`all well in ${secondsSince(startedAt).toFixed(1)} s\n`);
  return true;
}

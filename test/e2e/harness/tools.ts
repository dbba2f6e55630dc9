// The tools of the machine that this tier needs beside Node. Without one it cannot say anything: told loudly, and a failure
// where it counts (CI=true).
import { spawnSync } from 'node:child_process';
import { findJava, javaMajorForTrino } from '#node/trino/find-java.ts';

const needed = [
  ['mvn', '-v'],
  ['python3', '-m', 'pip', '--version'],
  ['go', 'version'],
  ['npm', '--version'],
  ['kubectl', 'version', '--client'],
  ['unshare', '--version'],
] as const;

async function missingTools(): Promise<readonly string[]> {
  const missing = needed.filter(([tool, ...args]) => spawnSync(tool, args).status !== 0).map((command) => command.join(' '));
  const java = await findJava({ env: process.env, minimumMajor: javaMajorForTrino('483') }).catch(() => undefined);
  return java === undefined ? [...missing, 'a JDK 25'] : missing;
}

/** Ends the test process with code 0 when something is missing on somebody's own machine. Throws under CI. */
export async function requireTools(): Promise<void> {
  const missing = await missingTools();
  if (missing.length === 0) return;
  const line = `END-TO-END TESTS CANNOT RUN HERE: this machine lacks ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(line);
  process.stderr.write(`\n${line}\n\n`);
  process.exit(0);
}

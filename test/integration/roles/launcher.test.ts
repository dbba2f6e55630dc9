// What tools/start.mjs makes of itself: the process that was started is the role, so that a signal, an exit code and the memory seen from
// outside are its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { aCluster, installDefinitions } from './setup.ts';

const launcher = join(import.meta.dirname, '..', '..', '..', 'tools', 'start.mjs');

function partsOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\0');
}

test('an operator takes the place of its launcher, with little memory and what was compiled before', async (t) => {
  const { api, kubeconfigPath } = await aCluster(t);
  await installDefinitions(api);
  const args = ['operator', '--kubeconfig', kubeconfigPath, '--health-listen', '127.0.0.1:0', '--leader-elect', 'off', '--webhooks', 'off'];
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.match(said.toString(), /^operator ready: http/);
  assert.ok(partsOf(`/proc/${child.pid}/cmdline`).includes('--max-semi-space-size=2'));
  const environment = partsOf(`/proc/${child.pid}/environ`);
  assert.ok(environment.includes('MALLOC_ARENA_MAX=2'));
  assert.ok(environment.some((variable) => variable.startsWith('NODE_COMPILE_CACHE=')));
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a wrong command line ends with the exit code of the command line', async () => {
  const child = spawn(process.execPath, [launcher, 'nonsense'], { stdio: 'ignore' });
  assert.deepEqual(await once(child, 'exit'), [2, null]);
});

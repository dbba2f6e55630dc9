import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '#observe/log.ts';
import { hastyClock } from '../../../test/fakes/hasty-clock.ts';
import { createLifeline } from '../../../test/fakes/lifeline.ts';
import { createTrainableTrino } from '../../../test/fakes/trainable-trino.ts';
import { ensureAotCache, type TrainingResult } from './aot-cache.ts';
import type { TrinoInstallation } from './installation.ts';

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-training-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function train(installation: TrinoInstallation, signal = new AbortController().signal): Promise<TrainingResult> {
  return ensureAotCache({ installation, clock: hastyClock, log: silentLog, signal });
}

const cacheOf = (directory: string): Promise<readonly string[]> => readdir(join(directory, 'cache'));

test('a training makes the cache once and leaves nothing else', async (t) => {
  const directory = await temporaryDirectory(t);
  const installation = await createTrainableTrino(directory);
  assert.equal(await train(installation), 'made');
  assert.equal(await train(installation), 'there already');
  assert.deepEqual(await cacheOf(directory), [basename(installation.aotCacheFile)]);
});

test('a training that gives way leaves neither a process nor a file', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const directory = await temporaryDirectory(t);
  const giveWay = new AbortController();
  const training = train(
    await createTrainableTrino(directory, { isStarting: true, also: lifeline.program(false).at(-1) ?? '' }),
    giveWay.signal,
  );
  const { gone } = await lifeline.next();
  giveWay.abort();
  await assert.rejects(training, { name: 'AbortError' });
  await gone;
  assert.deepEqual(await cacheOf(directory), []);
});

test('kill -9 of whoever trains ends the training at once, and the next one begins anew without its leftovers', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const directory = await temporaryDirectory(t);
  const stuck = await createTrainableTrino(directory, { isStarting: true, also: lifeline.program(true).at(-1) ?? '' });
  const program = fileURLToPath(new URL('../../../test/fakes/doomed-trainer.ts', import.meta.url));
  const trainer = spawn(process.execPath, [program, JSON.stringify(stuck)], { stdio: 'ignore' });
  const { gone } = await lifeline.next();
  // Its files are closed, and the training ended by that, a moment before the process itself is gone.
  const ended = once(trainer, 'exit');
  trainer.kill('SIGKILL');
  await Promise.all([gone, ended]);
  assert.equal((await cacheOf(directory)).length, 2, 'its lock and its directory');
  assert.equal(await train(await createTrainableTrino(directory)), 'made');
  assert.deepEqual(await cacheOf(directory), [basename(stuck.aotCacheFile)]);
});

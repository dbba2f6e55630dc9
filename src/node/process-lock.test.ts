import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readStartTime } from './proc-stat.ts';
import { takeLock } from './process-lock.ts';

async function lockFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-lock-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'x.lock');
}

const never = new AbortController().signal;

test('the second waits, says for whom, and gets the lock when it is released', async (t) => {
  const file = await lockFile(t);
  const release = await takeLock(file, { signal: never, onWait: () => assert.fail('nobody has it') });
  const waited = Promise.withResolvers<number>();
  const second = takeLock(file, { signal: never, pollMs: 1, onWait: waited.resolve });
  assert.equal(await waited.promise, process.pid);
  await release();
  await (
    await second
  )();
  assert.deepEqual(await readdir(join(file, '..')), []);
});

test('a lock of a process that is gone, or of an earlier process with the same pid, is taken over', async (t) => {
  const file = await lockFile(t);
  for (const holder of ['999999999 5', `${process.pid} ${(readStartTime(process.pid) ?? 0) - 1}`]) {
    await writeFile(file, holder);
    await (
      await takeLock(file, { signal: never, onWait: () => assert.fail('it is stale') })
    )();
  }
});

test('giving up while waiting takes nothing away', async (t) => {
  const file = await lockFile(t);
  await takeLock(file, { signal: never, onWait: () => undefined });
  const giveUp = new AbortController();
  await assert.rejects(takeLock(file, { signal: giveUp.signal, onWait: () => giveUp.abort() }), { name: 'AbortError' });
  assert.deepEqual(await readdir(join(file, '..')), ['x.lock']);
});

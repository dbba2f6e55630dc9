import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#observe/system-clock.ts';
import { createLifeline } from '../../test/fakes/lifeline.ts';
import { endLeftProcesses, pidDirectory, podsDirectory, removeLeftPods } from './leftovers.ts';
import { readBootId, readStartTime } from './proc-stat.ts';

async function setUp(t: TestContext) {
  const stateDir = await mkdtemp(join(tmpdir(), 'xtrinode-leftovers-'));
  const lifeline = await createLifeline();
  t.after(async () => {
    lifeline.close();
    await rm(stateDir, { recursive: true, force: true });
  });
  await mkdir(pidDirectory(stateDir));
  const start = async (deaf: boolean) => {
    const [command = '', ...args] = lifeline.program(deaf);
    const child = spawn(command, args, { detached: true, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    return lifeline.next();
  };
  const record = (pid: number, startTime: number, bootId = readBootId()) =>
    writeFile(join(pidDirectory(stateDir), `${pid}.json`), JSON.stringify({ pid, startTime, bootId }));
  return { stateDir, start, record, options: { stateDir, clock: systemClock, graceMs: 200 } };
}

test('what a former run left is ended, also when it ignores SIGTERM', async (t) => {
  const { start, record, options, stateDir } = await setUp(t);
  const gentle = await start(false);
  const deaf = await start(true);
  for (const { pid } of [gentle, deaf]) await record(pid, readStartTime(pid) ?? 0);
  assert.deepEqual(new Set(await endLeftProcesses(options)), new Set([gentle.pid, deaf.pid]));
  await Promise.all([gentle.gone, deaf.gone]);
  assert.deepEqual(await readdir(pidDirectory(stateDir)), []);
});

test('a foreign process with a recorded pid is left alone', async (t) => {
  const { start, record, options } = await setUp(t);
  const { pid } = await start(false);
  await record(pid, (readStartTime(pid) ?? 0) - 1);
  assert.deepEqual(await endLeftProcesses(options), []);
  await record(pid, readStartTime(pid) ?? 0, 'another boot');
  assert.deepEqual(await endLeftProcesses(options), []);
  await writeFile(join(pidDirectory(options.stateDir), 'half.json'), '{"pid": 1');
  assert.deepEqual(await endLeftProcesses(options), []);
  assert.ok(readStartTime(pid));
});

test('directories of Pods that are gone are deleted, those of others stay', async (t) => {
  const { stateDir } = await setUp(t);
  for (const uid of ['here', 'gone']) await mkdir(join(podsDirectory(stateDir), uid, 'root'), { recursive: true });
  await removeLeftPods(stateDir, new Set(['here']));
  assert.deepEqual(await readdir(podsDirectory(stateDir)), ['here']);
});

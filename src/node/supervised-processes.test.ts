import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '#observe/log.ts';
import { createLifeline } from '../../test/fakes/lifeline.ts';
import { readBootId, readStartTime } from './proc-stat.ts';
import { createSupervisedProcesses } from './supervised-processes.ts';

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-processes-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function startAll(t: TestContext, patienceMs = 200) {
  const directory = await temporaryDirectory(t);
  const processes = createSupervisedProcesses({ log: silentLog, logFile: join(directory, 'supervisor.log'), patienceMs });
  t.after(() => processes.stop());
  const start = (command: string, ...args: string[]) =>
    processes.start({
      command,
      args,
      env: { GREETING: 'hello' },
      workingDirectory: directory,
      logFile: join(directory, 'run.log'),
      pidFile: join(directory, 'run.json'),
    });
  return { directory, processes, start };
}

test('a process runs with its environment only, its output is kept line by line with times, its exit code is told', async (t) => {
  const { directory, start } = await startAll(t);
  const exit = await start('/bin/sh', '-c', 'echo $GREETING; echo to stderr >&2; printf half; exit 3').exited;
  assert.deepEqual(exit, { exitCode: 3 });
  const lines = (await readFile(join(directory, 'run.log'), 'utf8')).split('\n');
  assert.deepEqual(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, '')).toSorted(), ['', 'half', 'hello', 'to stderr']);
  assert.equal(existsSync(join(directory, 'run.json')), false);
});

test('a program that is not there says so', async (t) => {
  const { start } = await startAll(t);
  const exit = await start('/nowhere/java').exited;
  assert.equal(exit.exitCode, 128);
  assert.match(exit.startError ?? '', /ENOENT/);
});

test('a signal reaches the whole process group, and no grandchild outlives its leader', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { start } = await startAll(t);
  const [command, flag, text] = lifeline.program(true);
  const leader = start('/bin/sh', '-c', `'${command}' ${flag} "${text}" & wait`);
  const grandchild = await lifeline.next();
  leader.signal('SIGTERM');
  assert.deepEqual(await leader.exited, { exitCode: 143, signal: 'SIGTERM' });
  await grandchild.gone;
});

test('stopping ends what ignores SIGTERM', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { processes, start } = await startAll(t);
  const [command = '', ...args] = lifeline.program(true);
  start(command, ...args);
  const child = await lifeline.next();
  await processes.stop();
  await child.gone;
});

for (const deaf of [false, true]) {
  test(`kill -9 of the parent ends a process that ${deaf ? 'ignores' : 'heeds'} SIGTERM`, async (t) => {
    const lifeline = await createLifeline();
    t.after(() => lifeline.close());
    const directory = await temporaryDirectory(t);
    const program = fileURLToPath(new URL('../../test/fakes/doomed-parent.ts', import.meta.url));
    const parent = spawn(process.execPath, [program, directory, '300', ...lifeline.program(deaf)], { stdio: 'ignore' });
    const child = await lifeline.next();
    parent.kill('SIGKILL');
    await child.gone;
  });
}

test('when the supervisor is killed, its processes are ended and told, and the next start has a new one', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { start } = await startAll(t);
  const [command = '', ...args] = lifeline.program(true);
  const child = start(command, ...args);
  const { pid, gone } = await lifeline.next();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  process.kill(Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), 'SIGKILL');
  assert.deepEqual(await child.exited, { exitCode: 137, signal: 'SIGKILL' });
  await gone;
  assert.deepEqual(await start('/bin/true').exited, { exitCode: 0 });
});

function readChildren(): readonly string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
}

test('a process that the supervisor started and died before it could tell is ended by what it wrote down', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { directory, start } = await startAll(t);
  const [command = '', ...args] = lifeline.program(true);
  spawn(command, args, { stdio: 'ignore', detached: true }).unref();
  const { pid, gone } = await lifeline.next();
  await writeFile(join(directory, 'run.json'), JSON.stringify({ pid, startTime: readStartTime(pid), bootId: readBootId() }));
  const before = readChildren();
  const child = start('/bin/true');
  const [supervisor] = readChildren().filter((each) => !before.includes(each));
  process.kill(Number(supervisor), 'SIGKILL');
  assert.deepEqual(await child.exited, { exitCode: 137, signal: 'SIGKILL' });
  await gone;
});

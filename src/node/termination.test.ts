import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../test/fakes/manual-clock.ts';
import type { ProcessExit } from './supervised-processes.ts';
import { planPreStop, terminate } from './termination.ts';

function fakeProcess(onSignal: (signal: string, exit: (exit: ProcessExit) => void) => void) {
  const { promise, resolve } = Promise.withResolvers<ProcessExit>();
  const signals: string[] = [];
  return {
    signals,
    exited: promise,
    signal: (signal: 'SIGTERM' | 'SIGKILL') => {
      signals.push(signal);
      onSignal(signal, resolve);
    },
  };
}

test('a process that ends on SIGTERM is not killed', async () => {
  const clock = createManualClock();
  const process = fakeProcess((_signal, exit) => exit({ exitCode: 143, signal: 'SIGTERM' }));
  assert.deepEqual(await terminate(process, { graceMs: 60_000, preStop: { do: 'nothing' }, clock }), {
    exit: { exitCode: 143, signal: 'SIGTERM' },
    isKilled: false,
  });
  await clock.advance(120_000);
  assert.deepEqual(process.signals, ['SIGTERM']);
});

test('a process that does not end is killed when its grace is over, the time of preStop included', async () => {
  const clock = createManualClock();
  const process = fakeProcess((signal, exit) => signal === 'SIGKILL' && exit({ exitCode: 137, signal }));
  const ended = terminate(process, { graceMs: 30_000, preStop: { do: 'sleep', delayMs: 10_000 }, clock });
  await clock.advance(9_999);
  assert.deepEqual(process.signals, []);
  await clock.advance(1);
  assert.deepEqual(process.signals, ['SIGTERM']);
  await clock.advance(20_000);
  assert.equal((await ended).isKilled, true);
});

test('a preStop hook that sleeps is honoured, one that needs the image is skipped and named', () => {
  const plan = (exec: readonly string[]) => planPreStop({ name: 'x', lifecycle: { preStop: { exec: { command: exec } } } });
  assert.deepEqual(plan(['sleep', '5']), { do: 'sleep', delayMs: 5000 });
  assert.deepEqual(plan(['/bin/sh', '-c', 'sleep 2.5']), { do: 'sleep', delayMs: 2500 });
  assert.deepEqual(planPreStop({ name: 'x', lifecycle: { preStop: { sleep: { seconds: 7 } } } }), { do: 'sleep', delayMs: 7000 });
  assert.match(JSON.stringify(plan(['/bin/sh', '-c', 'curl -X PUT http://localhost:8080/v1/info/state; sleep 100'])), /"skip".*curl/);
  assert.deepEqual(planPreStop({ name: 'x' }), { do: 'nothing' });
});

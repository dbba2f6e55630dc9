import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock, settled } from '../../test/fakes/fake-clock.ts';
import { runUntilStopped, type Stop } from './stops.ts';

function aRun(start: (stops: Stop[]) => void) {
  const asked = new AbortController();
  const clock = createFakeClock();
  const failures: string[] = [];
  const stops: Stop[] = [];
  const run = runUntilStopped({
    signal: asked.signal,
    stops,
    start: async () => start(stops),
    onStopping: () => undefined,
    onStopFailure: (error) => failures.push(String(error)),
    bound: { clock, withinMs: 1_000 },
  });
  return { run, stop: () => asked.abort(), clock, failures };
}

test('what was started is stopped when asked, the newest first, and one that fails keeps no other from it', async () => {
  const order: string[] = [];
  const { run, stop, failures } = aRun((stops) => {
    stops.push(
      () => void order.push('first'),
      () => {
        throw new Error('no');
      },
      () => void order.push('last'),
    );
  });
  await settled();
  assert.deepEqual(order, []);
  stop();
  await run;
  assert.deepEqual([order, failures], [['last', 'first'], ['Error: no']]);
});

test('a start that fails half-way is undone and reported', async () => {
  const order: string[] = [];
  const { run } = aRun((stops) => {
    stops.push(() => void order.push('undone'));
    throw new Error('half-way');
  });
  await assert.rejects(run, /half-way/);
  assert.deepEqual(order, ['undone']);
});

test('a stop that hangs is given up after the bound', async () => {
  const { run, stop, clock, failures } = aRun((stops) => stops.push(() => new Promise(() => undefined)));
  stop();
  await settled();
  clock.advance(1_000);
  await run;
  assert.match(failures[0] ?? '', /within 1000 ms/);
});

test('what fails later ends the run, and what was started is stopped', async () => {
  const later = Promise.withResolvers<never>();
  const order: string[] = [];
  const run = runUntilStopped({
    signal: new AbortController().signal,
    stops: [() => void order.push('stopped')],
    start: async () => ({ failed: later.promise }),
    onStopping: () => undefined,
    onStopFailure: () => undefined,
  });
  later.reject(new Error('later'));
  await assert.rejects(run, /later/);
  assert.deepEqual(order, ['stopped']);
});

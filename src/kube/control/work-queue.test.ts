import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import { KubeError } from '../errors.ts';
import { WorkQueue } from './work-queue.ts';

function aQueue() {
  const clock = createFakeClock();
  return { clock, queue: new WorkQueue({ clock, random: () => 1 }) };
}

function ignore(): void {}

test('a key added many times before its turn is processed once', async () => {
  const { queue } = aQueue();
  const seen: string[] = [];
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  queue.run({ concurrency: 1, process: async (key) => void seen.push(key), onError: ignore });
  await settled();
  assert.deepEqual(seen, ['a', 'b']);
});

test('a key added while it is in process is processed once more afterwards', async () => {
  const { queue } = aQueue();
  const gates: (() => void)[] = [];
  queue.run({ concurrency: 4, process: () => new Promise((resolve) => gates.push(resolve)), onError: ignore });
  queue.add('a');
  await settled();
  queue.add('a');
  queue.add('a');
  await settled();
  assert.equal(gates.length, 1);
  gates[0]?.();
  await settled();
  assert.equal(gates.length, 2);
  gates[1]?.();
  await settled();
  assert.equal(gates.length, 2);
});

test('of several delays the earliest counts and the key comes once', async () => {
  const { clock, queue } = aQueue();
  const seenAt: number[] = [];
  const start = clock.now();
  queue.run({ concurrency: 1, process: async () => void seenAt.push(clock.now() - start), onError: ignore });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 900);
  for (let step = 0; step < 10; step += 1) {
    clock.advance(100);
    await settled();
  }
  assert.deepEqual(seenAt, [100]);
});

test('a failing key is tried again after 5 ms, doubled up to 1,000 s, and starts anew after a success', async () => {
  const { clock, queue } = aQueue();
  let failing = true;
  const errors: unknown[] = [];
  queue.run({
    concurrency: 1,
    process: async () => {
      if (failing) throw new Error('not yet');
    },
    onError: (_key, error) => errors.push(error),
  });
  queue.add('a');
  await settled();
  const delays: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const [delay = 0] = clock.pendingDelays();
    delays.push(delay);
    clock.advance(delay);
    await settled();
  }
  assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
  assert.deepEqual(delays.slice(-2), [1_000_000, 1_000_000]);
  assert.equal(errors.length, 21);
  failing = false;
  clock.advance(1_000_000);
  await settled();
  assert.deepEqual(clock.pendingDelays(), []);
  failing = true;
  queue.add('a');
  await settled();
  assert.deepEqual(clock.pendingDelays(), [5]);
});

test('a terminal failure is reported and not tried again', async () => {
  const { clock, queue } = aQueue();
  const errors: string[] = [];
  queue.run({
    concurrency: 1,
    process: () => Promise.reject(new TypeError('hopeless')),
    onError: (key) => errors.push(key),
    isTerminal: (error) => error instanceof TypeError,
  });
  queue.add('a');
  await settled();
  assert.deepEqual([errors, clock.pendingDelays()], [['a'], []]);
});

test('who fails to judge a failure has not given the key up: both are told, and the key comes again', async () => {
  const { clock, queue } = aQueue();
  const errors: unknown[] = [];
  queue.run({
    concurrency: 1,
    process: () => Promise.reject(new Error('failed')),
    onError: (_key, error) => errors.push(error instanceof Error ? error.message : error),
    isTerminal: () => {
      throw new Error('cannot judge');
    },
  });
  queue.add('a');
  await settled();
  assert.deepEqual([errors, clock.pendingDelays()], [['failed', 'cannot judge'], [5]]);
});

test('a key that asks for itself without end leaves the process its sockets and timers', async () => {
  const { clock, queue } = aQueue();
  let passes = 0;
  queue.run({
    concurrency: 1,
    process: async (key) => {
      passes += 1;
      // Far beyond what the test waits for: its end must not depend on it.
      if (passes < 10_000) queue.add(key);
    },
    onError: ignore,
  });
  queue.add('a');
  await new Promise((resolve) => void setTimeout(resolve, 1));
  assert.ok(passes < 10_000);
  await queue.stop();
  assert.deepEqual(clock.pendingDelays(), []);
});

test('a key that wants to be looked at again at once waits a little', () => {
  const { clock, queue } = aQueue();
  queue.addAfter('a', 0);
  assert.deepEqual([queue.length, clock.pendingDelays()], [0, [10]]);
});

test('stop waits for what is in process and takes nothing more', async () => {
  const { clock, queue } = aQueue();
  const started: string[] = [];
  const gate = Promise.withResolvers<void>();
  queue.run({ concurrency: 1, process: (key) => (started.push(key), gate.promise), onError: ignore });
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 10);
  await settled();
  let isStopped = false;
  const stopped = queue.stop().then(() => (isStopped = true));
  await settled();
  assert.equal(isStopped, false);
  gate.resolve();
  await stopped;
  clock.advance(100);
  queue.add('d');
  await settled();
  assert.deepEqual(started, ['a']);
});

test('whatever happens: never one key twice at once, never more than the workers, and no key lost', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ do: fc.constant('addAfter' as const), key: fc.constantFrom('a', 'b', 'c', 'd'), ms: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ do: fc.constant('addRateLimited' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ do: fc.constant('finish' as const), which: fc.nat(3), how: fc.constantFrom('done', 'again', 'hopeless', 'unjudged') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, concurrency) => {
      const { clock, queue } = aQueue();
      const active = new Map<string, (how: string) => void>();
      /** Keys asked for since their last start; `later` may still wait for their time. */
      const owed = new Set<string>();
      queue.run({
        concurrency,
        process: (key) => {
          assert.ok(!active.has(key), 'twice at once');
          owed.delete(key);
          return new Promise((resolve, reject) => {
            active.set(key, (how) => {
              active.delete(key);
              if (how === 'again' || how === 'unjudged') owed.add(key);
              if (how === 'done') resolve();
              else reject(new Error(how));
            });
            assert.ok(active.size <= concurrency, 'too many');
          });
        },
        onError: ignore,
        isTerminal: (error) => {
          assert.ok(error instanceof Error && error.message !== 'unjudged');
          return error.message === 'hopeless';
        },
      });
      for (const one of steps) {
        if (one.do === 'advance') clock.advance(one.ms);
        else if (one.do === 'finish') [...active.values()][one.which]?.(one.how);
        else {
          owed.add(one.key);
          if (one.do === 'addAfter') queue.addAfter(one.key, one.ms);
          else queue[one.do](one.key);
        }
        await settled();
      }
      for (let round = 0; round < 8; round += 1) {
        for (const finish of active.values()) finish('done');
        clock.advance(1_000_000);
        await settled();
      }
      assert.deepEqual([[...owed], active.size, queue.length], [[], 0, 0]);
    }),
    { numRuns: 60 },
  );
});

test('an observer hears of every key once: added, started after its wait, ended after its work, retried when it failed', async () => {
  const clock = createFakeClock();
  const heard: string[] = [];
  const observer = {
    added: () => void heard.push('added'),
    started: (waitedMs: number) => void heard.push(`started after ${waitedMs}`),
    ended: (workedMs: number, hasFailed: boolean) => void heard.push(`${hasFailed ? 'failed' : 'done'} after ${workedMs}`),
    retried: () => void heard.push('retried'),
  };
  const queue = new WorkQueue({ clock, random: () => 1, observer });
  const gates: PromiseWithResolvers<void>[] = [];
  queue.add('a');
  queue.add('a');
  clock.advance(40);
  const turn = (): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  queue.run({ concurrency: 1, process: turn, onError: ignore });
  await settled();
  clock.advance(300);
  assert.deepEqual(queue.running(), [{ key: 'a', forMs: 300 }]);
  queue.add('a');
  clock.advance(2);
  gates[0]?.reject(new Error('no'));
  await settled();
  assert.deepEqual(heard, ['added', 'started after 40', 'added', 'retried', 'failed after 302', 'started after 2']);
  gates[1]?.resolve();
  await settled();
  assert.deepEqual(heard.slice(6, 7), ['done after 0']);
  assert.deepEqual(queue.running(), []);
});

test('a key that fails while the API server is away is tried again twice a minute, and not before the time it names', async () => {
  const { clock, queue } = aQueue();
  const away = new KubeError({ code: 0, reason: 'Unreachable', message: 'refused' });
  const busy = new KubeError({ code: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 40_000 });
  const wrong = new KubeError({ code: 422, reason: 'Invalid', message: 'never' });
  let error = away;
  queue.run({ concurrency: 1, process: () => Promise.reject(error), onError: ignore });
  queue.add('a');
  await settled();
  for (let round = 0; round < 20; round += 1) {
    clock.advance(clock.pendingDelays()[0] ?? 0);
    await settled();
  }
  assert.deepEqual(clock.pendingDelays(), [30_000]);
  error = busy;
  clock.advance(30_000);
  await settled();
  assert.deepEqual(clock.pendingDelays(), [70_000]);
  error = wrong;
  clock.advance(70_000);
  await settled();
  assert.deepEqual(clock.pendingDelays(), [1_000_000], 'its own fault');
});

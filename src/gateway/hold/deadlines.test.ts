import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { Deadlines, type Timed } from './deadlines.ts';

interface Item extends Timed {
  readonly dueAt: number;
  calledAt: number | undefined;
}

test('each is called back once, never early and 2 ms late at most, unless it was taken away; one timer serves all', () => {
  const aDelay = fc.integer({ min: 1, max: 24_000 });
  const aStep = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: aDelay }) },
    { weight: 1, arbitrary: fc.record({ delete: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 3_000 }) }) },
  );
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
      const clock = createFakeClock();
      const deadlines = new Deadlines(clock);
      const items: Item[] = [];
      const deleted = new Set<Item>();
      for (const step of steps) {
        if ('add' in step) {
          const item: Item = {
            slot: 0,
            dueAt: clock.now() + step.add,
            calledAt: undefined,
            onDue() {
              assert.equal(this.calledAt, undefined, 'once');
              this.calledAt = clock.now();
            },
          };
          items.push(item);
          deadlines.add(item, step.add);
        } else if ('delete' in step) {
          const item = items[step.delete];
          if (item === undefined || item.calledAt !== undefined) continue;
          deadlines.delete(item);
          deleted.add(item);
        } else clock.advance(step.pass);
        assert.ok(clock.pendingDelays().length <= 1);
      }
      clock.advance(25_000);
      for (const item of items) {
        if (deleted.has(item)) assert.equal(item.calledAt, undefined);
        else assert.ok(item.calledAt !== undefined && item.calledAt >= item.dueAt && item.calledAt <= item.dueAt + 2);
      }
      assert.deepEqual(clock.pendingDelays(), [], 'at rest it holds no timer');
    }),
  );
});

test('who is taken away by one that is called back with it is not called', () => {
  const clock = createFakeClock();
  const deadlines = new Deadlines(clock);
  const called: string[] = [];
  const second: Timed = { slot: 0, onDue: () => void called.push('second') };
  const first: Timed = {
    slot: 0,
    onDue() {
      called.push('first');
      deadlines.delete(second);
    },
  };
  deadlines.add(first, 5);
  deadlines.add(second, 5);
  clock.advance(100);
  assert.deepEqual(called, ['first']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { Deadlines, type Timed } from './deadlines.ts';
import { Gaps, shortMs } from './gaps.ts';

interface Item extends Timed {
  readonly dueAt: number;
  calledAt: number | undefined;
}

test('each is called back once, never early and 2 ms late at most, unless it was taken away; one timer serves all', () => {
  // Many in one slot, and many slots.
  const aDelay = fc.oneof(fc.integer({ min: 1, max: 24_000 }), fc.integer({ min: 1, max: 6 }));
  const aStep = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: aDelay }) },
    { weight: 2, arbitrary: fc.record({ delete: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 3_000 }) }) },
  );
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
      const clock = createFakeClock();
      const deadlines = new Deadlines(clock, new Gaps(clock));
      const items: Item[] = [];
      const deleted = new Set<Item>();
      for (const step of steps) {
        if ('add' in step) {
          const item: Item = {
            slot: 0,
            earlier: undefined,
            later: undefined,
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
          const item = items[step.delete % items.length];
          if (item === undefined) continue;
          deadlines.delete(item);
          if (item.calledAt === undefined) deleted.add(item);
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
    { numRuns: 500 },
  );
});

test('of those that are called back together, who is taken away by another one is not called', () => {
  const clock = createFakeClock();
  const deadlines = new Deadlines(clock, new Gaps(clock));
  const called: string[] = [];
  const items = ['first', 'second', 'third'].map((name): Timed => {
    const onDue = (): void => {
      called.push(name);
      for (const other of items) deadlines.delete(other);
    };
    return { slot: 0, earlier: undefined, later: undefined, onDue };
  });
  for (const item of items) deadlines.add(item, 5);
  clock.advance(100);
  assert.equal(called.length, 1);
});

test('who is taken away twice disturbs none of those that it once waited with', () => {
  const pairs = [0, 1, 2].flatMap((twice) => [0, 1, 2].filter((once) => once !== twice).map((once) => ({ twice, once })));
  for (const { twice, once } of pairs) {
    const clock = createFakeClock();
    const deadlines = new Deadlines(clock, new Gaps(clock));
    const called: number[] = [];
    const items = [0, 1, 2, 3].map((name): Timed => ({
      slot: 0,
      earlier: undefined,
      later: undefined,
      onDue: () => void called.push(name),
    }));
    for (const item of items.slice(0, 3)) deadlines.add(item, 5);
    deadlines.delete(items[twice] as Timed);
    deadlines.add(items[3] as Timed, 5);
    deadlines.delete(items[twice] as Timed);
    deadlines.delete(items[once] as Timed);
    clock.advance(100);
    assert.deepEqual(
      called.sort((a, b) => a - b),
      [0, 1, 2, 3].filter((name) => name !== twice && name !== once),
    );
  }
});

test('while a page has just gone to its coordinator nobody is called back: when it is back, or soon if it takes its time', () => {
  for (const backAfter of [1, Infinity]) {
    const clock = createFakeClock();
    const gaps = new Gaps(clock);
    const deadlines = new Deadlines(clock, gaps);
    let calledAt: number | undefined;
    const dueAt = clock.now() + 10;
    deadlines.add({ slot: 0, earlier: undefined, later: undefined, onDue: () => void (calledAt = clock.now()) }, 10);
    clock.advance(10);
    assert.equal(calledAt, dueAt, 'there is a gap');
    calledAt = undefined;
    deadlines.add({ slot: 0, earlier: undefined, later: undefined, onDue: () => void (calledAt = clock.now()) }, 10);
    clock.advance(9);
    gaps.begin();
    clock.advance(1);
    assert.equal(calledAt, undefined);
    clock.advance(1);
    if (backAfter === 1) gaps.end();
    else clock.advance(shortMs);
    assert.equal(calledAt, backAfter === 1 ? dueAt + 11 : dueAt + 10 + shortMs);
    assert.deepEqual(clock.pendingDelays(), [], 'at rest it holds no timer');
  }
});

test('while pages come often nobody is called back before the next one: when it has come back', () => {
  const clock = createFakeClock();
  const gaps = new Gaps(clock);
  const deadlines = new Deadlines(clock, gaps);
  let calls = 0;
  deadlines.add({ slot: 0, earlier: undefined, later: undefined, onDue: () => void (calls += 1) }, 10);
  clock.advance(9);
  gaps.begin();
  gaps.end();
  clock.advance(1);
  assert.equal(calls, 0);
  gaps.begin();
  assert.equal(calls, 0);
  gaps.end();
  assert.equal(calls, 1);
  assert.deepEqual(clock.pendingDelays(), [], 'at rest it holds no timer');
});

test('where pages come often no timer goes off before one of them has come back', () => {
  const clock = createFakeClock();
  const gaps = new Gaps(clock);
  const deadlines = new Deadlines(clock, gaps);
  let calls = 0;
  gaps.begin();
  gaps.end();
  deadlines.add({ slot: 0, earlier: undefined, later: undefined, onDue: () => void (calls += 1) }, 10);
  gaps.begin();
  gaps.end();
  assert.equal(calls, 0, 'never early');
  clock.advance(10);
  assert.deepEqual(clock.pendingDelays(), [shortMs]);
  gaps.begin();
  gaps.end();
  assert.equal(calls, 1);
  assert.deepEqual(clock.pendingDelays(), []);
});

test('pages that their coordinators hold back are in nobody’s way', () => {
  const clock = createFakeClock();
  const gaps = new Gaps(clock);
  gaps.begin();
  assert.equal(gaps.isNow, false);
  clock.advance(shortMs);
  assert.equal(gaps.isNow, true);
});

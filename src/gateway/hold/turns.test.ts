import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Turns } from './turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How many had looked after each turn. */
async function lookedAfterTurns(count: number): Promise<number[]> {
  const looked: number[] = [];
  const turns = new Turns<number>((index) => looked.push(index));
  for (let index = 0; index < count; index += 1) turns.add(index);
  assert.deepEqual(looked, [], 'never within the call');
  const after: number[] = [];
  while (looked.length < count) {
    await nextTurn();
    after.push(looked.length);
  }
  assert.deepEqual(
    looked,
    Array.from({ length: count }, (_, index) => index),
    'in their order',
  );
  return after;
}

it('a few who look again do so one by one: between two of them everybody else is served', async () => {
  assert.deepEqual(await lookedAfterTurns(1), [1]);
  assert.deepEqual(await lookedAfterTurns(8), [1, 2, 3, 4, 5, 6, 7, 8]);
});

it('of a crowd more look in one turn, up to a bound, so that nobody is kept for long where turns are long', async () => {
  const after = await lookedAfterTurns(1_000);
  assert.ok(
    after.every((count, turn) => count - (after[turn - 1] ?? 0) <= 32),
    'never more than 32',
  );
  assert.ok(after.length < 60, `${after.length} turns`);
});

it('who comes while others look takes its turn after them', async () => {
  const looked: string[] = [];
  const turns = new Turns<string>((who) => {
    looked.push(who);
    if (who === 'first') turns.add('third');
  });
  turns.add('first');
  turns.add('second');
  while (looked.length < 3) await nextTurn();
  assert.deepEqual(looked, ['first', 'second', 'third']);
});

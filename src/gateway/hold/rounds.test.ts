// That everything is looked at once a round, a few at a time, and that nothing goes on when there is nothing to look at.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { Rounds } from './rounds.ts';

function aRound(count: number) {
  const clock = createFakeClock();
  const items = new Map(Array.from({ length: count }, (_, index) => [index, index]));
  const seen: number[] = [];
  let ended = 0;
  const rounds = new Rounds({
    clock,
    items: () => items.values(),
    look: (item: number) => void seen.push(item),
    onEnd: () => ((ended += 1), items.size > 0),
  });
  return { clock, items, seen, rounds, ended: () => ended };
}

it('thousands are looked at in one round, each once, and never all in one breath', () => {
  const { clock, seen, rounds, ended } = aRound(5_000);
  rounds.plan();
  rounds.plan();
  let most = 0;
  while (ended() === 0) {
    const before = seen.length;
    clock.advance(clock.pendingDelays()[0] ?? assert.fail('nothing is planned'));
    most = Math.max(most, seen.length - before);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 5_000 }, (_, index) => index),
  );
  assert.ok(most <= 500, `${most} at once`);
  assert.equal(clock.pendingDelays().length, 1, 'and the next round is planned');
});

it('with nothing left it holds no timer, and begins again when it is told', () => {
  const { clock, items, seen, rounds } = aRound(1);
  rounds.plan();
  items.clear();
  clock.advance(2_000);
  assert.deepEqual([seen, clock.pendingDelays()], [[], []]);
  items.set(7, 7);
  rounds.plan();
  clock.advance(1_000);
  assert.deepEqual(seen, [7]);
  rounds.stop();
  clock.advance(5_000);
  assert.deepEqual(seen, [7]);
});

// That a bag holds what was added and not taken away, each once, also while somebody looks through it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Bag } from './bag.ts';

const aThing = (name: number) => ({ name, place: -1 });
const names = (things: Iterable<{ readonly name: number }>): number[] => [...things].map(({ name }) => name).toSorted((a, b) => a - b);

it('holds the same as a Set would, whatever is added and taken away', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
      const things = Array.from({ length: 10 }, (_, index) => aThing(index));
      const bag = new Bag<(typeof things)[number]>();
      const set = new Set<(typeof things)[number]>();
      for (const [isAdded, index] of steps) {
        const thing = things[index] ?? assert.fail();
        if (isAdded) bag.add(thing);
        else bag.delete(thing);
        if (isAdded) set.add(thing);
        else set.delete(thing);
        assert.deepEqual(names(bag), names(set));
      }
    }),
  );
});

it('does not give out what has been taken away since the look began, and nothing twice', () => {
  const things = Array.from({ length: 6 }, (_, index) => aThing(index));
  const bag = new Bag<(typeof things)[number]>();
  for (const thing of things) bag.add(thing);
  const seen: number[] = [];
  for (const thing of bag) {
    seen.push(thing.name);
    if (thing.name === 1) for (const gone of things.slice(0, 4)) bag.delete(gone);
  }
  assert.deepEqual(seen, [0, 1, 4, 5]);
});

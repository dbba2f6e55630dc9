// Whose client stays at this gateway and whose goes here and there: what keeps sums over gateways true.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { beginTrail, comesBack, follow, type Trail } from './trail.ts';

/** Whether it stays, however long it is silent. */
function after(trail: Trail, ...pages: number[]): boolean {
  for (const page of pages) follow(trail, page);
  return comesBack(trail, 19_000);
}

it('who asks for eight pages one after the other stays, also when asking for one again or going on with the results', () => {
  assert.equal(after(beginTrail(1), 1, 2, 2, 3, 0, 1, 1, 2), true);
  assert.equal(after(beginTrail(undefined), 7, 8, 9, 10, 11, 12, 13, 14), true, 'come for good');
  assert.equal(after(beginTrail(undefined), 7, 8, 9, 10, 11, 12, 13), false);
});

it('who leaves out a page has asked for it somewhere else', () => {
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];
  assert.equal(after(beginTrail(1), ...eight), true);
  assert.equal(after(beginTrail(0), ...eight), false, 'the first one');
  assert.equal(after(beginTrail(1), 0, ...eight.slice(0, 7)), false, 'all that came before the results');
  assert.equal(after(beginTrail(1), ...eight, 10), false);
  assert.equal(after(beginTrail(0), 0, 2, 4, 6, 8, 10, 12, 14, 16, 18), false, 'in turn with another gateway');
});

it('who is new comes back soon or not at all, and who wanders is not waited for', () => {
  const fresh = beginTrail(1);
  follow(fresh, 1);
  assert.deepEqual([comesBack(fresh, 4_999), comesBack(fresh, 5_000)], [true, false]);
  follow(fresh, 3);
  assert.equal(comesBack(fresh, 0), false);
  assert.equal(comesBack(beginTrail(undefined), 0), false);
});

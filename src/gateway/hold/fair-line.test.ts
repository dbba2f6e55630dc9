// Whose turn it is among those who wait for one runtime.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FairLine } from './fair-line.ts';

function aLine(...names: readonly string[]): FairLine<string> {
  const line = new FairLine<string>();
  for (const name of names) line.add(name.slice(0, 1), name);
  return line;
}

it('users take turns, and within each the first comes first', () => {
  assert.deepEqual([...aLine('a1', 'a2', 'a3', 'b1', 'c1', 'b2')], ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

it('who was served goes behind the other users, and a new user behind those who wait', () => {
  const line = aLine('a1', 'a2', 'b1', 'b2');
  line.delete('a', 'a1');
  line.served('a');
  line.add('c', 'c1');
  assert.deepEqual([...line], ['b1', 'a2', 'c1', 'b2']);
});

it('counts by user, takes nobody twice and forgets who left', () => {
  const line = aLine('a1', 'a2', 'b1', 'a1');
  assert.deepEqual([line.size, line.countOf('a'), line.countOf('b')], [3, 2, 1]);
  assert.deepEqual([line.delete('b', 'b1'), line.delete('b', 'b1')], [true, false]);
  assert.deepEqual([line.size, line.countOf('b'), ...line], [2, 0, 'a1', 'a2']);
});

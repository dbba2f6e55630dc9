import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnhurriedLines } from './unhurried-lines.ts';

test('lines wait while the other side is slow, go on in their order, and what does not fit is dropped and counted', () => {
  const taken: string[] = [];
  let done = (_error?: unknown): void => undefined;
  const lines = createUnhurriedLines({
    maxWaiting: 8,
    out(text, next) {
      taken.push(text);
      done = next;
    },
  });
  for (const line of ['one\n', 'two\n', 'six\n', 'ten\n', 'a\n']) lines.write(line);
  assert.deepEqual([taken, lines.dropped], [['one\n'], 2]);
  done();
  done(new Error('full'));
  assert.equal(lines.dropped, 4, 'what was not taken counts too');
  lines.write('last\n');
  assert.deepEqual(taken, ['one\n', 'two\nsix\n', 'last\n']);
});

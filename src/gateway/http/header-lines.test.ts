// That lines are read once for all who send them, that nothing is mixed up, and that no more is kept than is good.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KnownLines, maxKeptLines } from './header-lines.ts';

const linesOf = (value: string): string => `Host: a\r\nX-Trino-User: ${value}\r\n\r\n`;

it('the same lines are read once, others are not taken for them', () => {
  const known = new KnownLines();
  const ann = known.read(linesOf('ann'));
  assert.ok(typeof ann !== 'string');
  assert.deepEqual(ann.headers, [
    ['Host', 'a'],
    ['X-Trino-User', 'ann'],
  ]);
  assert.equal(known.read(linesOf('ann')), ann);
  assert.notEqual(known.read(linesOf('bob')), ann);
  assert.equal(known.read('Host : a\r\n\r\n'), 'a header name has a character that it may not have');
});

it('what is not sent for long is forgotten, and so are lines that are long', () => {
  const known = new KnownLines();
  const [ann, bob] = [known.read(linesOf('ann')), known.read(linesOf('bob'))];
  for (let count = 0; count < 2_000; count += 1) {
    known.read(linesOf(`user-${count}`));
    if (count % 100 === 0) assert.equal(known.read(linesOf('ann')), ann);
  }
  assert.notEqual(known.read(linesOf('bob')), bob);
  const long = linesOf('x'.repeat(maxKeptLines));
  assert.notEqual(known.read(long), known.read(long));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Gathering } from './gathering.ts';

test('pieces come out as they came in, whatever is read between them', () => {
  const step = fc.record({ more: fc.uint8Array({ minLength: 1, maxLength: 20 }), read: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const gathering = new Gathering();
      let kept: Buffer = Buffer.alloc(0);
      let expected: number[] = [];
      const given: [Buffer, number[]][] = [];
      for (const { more, read } of steps) {
        kept = gathering.append(kept, Buffer.from(more));
        expected = [...expected, ...more];
        given.push([kept.subarray(0, read), expected.slice(0, read)]);
        kept = kept.subarray(read);
        expected = expected.slice(read);
      }
      for (const [was, should] of [...given, [kept, expected] as const]) assert.deepEqual([...was], should);
    }),
  );
});

test('a megabyte in small pieces is copied a few times, not once per piece', () => {
  const gathering = new Gathering();
  let kept: Buffer = Buffer.alloc(0);
  const rooms = new Set<ArrayBufferLike>();
  for (let size = 0; size < 1024 * 1024; size += 64) {
    kept = gathering.append(kept, Buffer.alloc(64));
    rooms.add(kept.buffer);
  }
  assert.ok(rooms.size <= 16, String(rooms.size));
});

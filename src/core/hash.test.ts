import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, sha256Hex } from './hash.ts';

test('SHA-256 agrees with the platform’s for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      assert.equal(sha256Hex(text), createHash('sha256').update(text.toWellFormed(), 'utf8').digest('hex'));
    }),
  );
});

test('canonical JSON does not depend on the order of keys or on undefined members', () => {
  assert.equal(canonicalJson({ b: 1, a: [{ d: undefined, c: 'x' }] }), canonicalJson({ a: [{ c: 'x' }], b: 1 }));
  assert.notEqual(canonicalJson({ a: [1, 2] }), canonicalJson({ a: [2, 1] }));
});

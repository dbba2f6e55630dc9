import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDataSize, sizeMemory } from './memory-sizing.ts';

const mebibyte = 1024 * 1024;

test('heap, query memory and headroom fit inside the container for every limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 256, max: 512 * 1024 }), (limitMebibytes) => {
      const limit = limitMebibytes * mebibyte;
      const sizing = sizeMemory(limit);
      assert.ok(sizing.heapBytes <= limit * 0.8, 'never above 80 %');
      assert.ok(sizing.heapBytes >= limit * 0.5 - mebibyte, 'never below half');
      assert.ok(sizing.queryMaxMemoryPerNodeBytes + sizing.heapHeadroomPerNodeBytes < sizing.heapBytes);
    }),
  );
});

test('a pod of 2 GiB gets a heap of 1 GiB, one of 64 GiB gets 80 %', () => {
  assert.equal(formatDataSize(sizeMemory(2048 * mebibyte).heapBytes), '1024MB');
  assert.equal(formatDataSize(sizeMemory(65536 * mebibyte).heapBytes), '52428MB');
});

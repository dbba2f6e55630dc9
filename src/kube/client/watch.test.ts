import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseWatchLine, readLines } from './watch.ts';

async function* chunked(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const cut of [...cuts].map((one) => one % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
  yield bytes.subarray(start);
}

async function collect(source: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const one of source) all.push(one);
  return all;
}

test('lines come out the same for any chunking, multi-byte characters cut in two included', async () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\n\r]/.test(text));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(2_000)), fc.boolean(), async (lines, cuts, endsWithNewline) => {
      const text = lines.join('\n') + (endsWithNewline && lines.length > 0 ? '\n' : '');
      const seen = await collect(readLines(chunked(Buffer.from(text), cuts)));
      assert.deepEqual(seen, lines);
    }),
  );
});

test('an ERROR event throws the Status it carries', () => {
  const line = JSON.stringify({
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
  });
  assert.throws(() => parseWatchLine(line), { name: 'KubeError', code: 410, reason: 'Expired', message: 'too old resource version' });
});

test('what is no event is an error, never skipped', () => {
  for (const line of [
    '{"type":"ADD',
    '[]',
    'null',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"NEW","object":{"metadata":{"resourceVersion":"1"}}}',
  ]) {
    assert.throws(() => parseWatchLine(line), { name: 'KubeError', code: 0, reason: 'Unreachable' }, line);
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ownerOf, parseApiKeys } from './api-keys.ts';

const [first, second] = ['first-key-of-sixteen', 'second-key-of-sixteen'];

function hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function keysOf(text: string) {
  const parsed = parseApiKeys(text);
  assert.ok(typeof parsed !== 'string');
  return parsed;
}

describe('a list of API keys', () => {
  it('has several keys for one id, as hashes with and without salt and as the reference has them', () => {
    const { keys, readable } = keysOf(
      [
        `# rotated in May`,
        '',
        `etl: "sha256:${hex(first)}, sha256:pepper:${hex(`pepper${second}`)}"`,
        `'old': third-key-of-sixteen\r`,
      ].join('\n'),
    );
    assert.deepEqual(
      [first, second, 'third-key-of-sixteen', 'unknown-key-of-sixteen'].map((key) => ownerOf(keys, key)),
      ['etl', 'etl', 'old', undefined],
    );
    assert.deepEqual(readable, ['old']);
    assert.doesNotMatch(JSON.stringify(keys), /third-key/);
  });

  it('takes a hash for no key', () => {
    const { keys } = keysOf(`etl: sha256:${hex(first)}`);
    assert.deepEqual(
      [ownerOf(keys, hex(first)), ownerOf(keys, `sha256:${hex(first)}`), ownerOf(keys, '')],
      [undefined, undefined, undefined],
    );
  });

  for (const [text, problem] of [
    ['', /no keys/],
    ['# only a comment', /no keys/],
    ['etl: short', /line 1 \(etl\): key 1 is shorter than 16/],
    ['etl:', /key 1 is shorter/],
    ['just words', /line 1 is not of the form/],
    ['etl: sha256:abc', /is no hash/],
    ['etl: "a key with blanks in it"', /has blanks/],
    [`etl: ${first}\nbi: sha256:${hex(first)}`, /line 2: bi and etl have the same key/],
  ] as const) {
    it(`is refused whole when it is ${JSON.stringify(text.slice(0, 40))}, and no key is quoted`, () => {
      const parsed = parseApiKeys(text);
      assert.ok(typeof parsed === 'string');
      assert.match(parsed, problem);
      assert.doesNotMatch(parsed, /first-key|short$|blanks in it/);
    });
  }
});

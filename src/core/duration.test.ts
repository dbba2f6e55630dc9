import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration, isDuration, parseDuration } from './duration.ts';

test('durations are read as Go reads them', () => {
  const cases: Record<string, number> = {
    '5m': 300_000,
    '1h30m': 5_400_000,
    '300ms': 300,
    '1.5h': 5_400_000,
    '.5s': 500,
    '1.s': 1_000,
    '0': 0,
    '-2s': -2_000,
    '+1m': 60_000,
    '1500us': 1.5,
    '1µs': 0.001,
    '2h0m0s': 7_200_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
});

test('what is no duration is refused with the text and an example', () => {
  for (const text of ['', '5', '5 m', 'm', '1d', '1h-5m', '.s', '5M', 'never', '300000h1h1h99999999999h']) {
    assert.equal(isDuration(text), false, text);
    assert.throws(() => parseDuration(text), { name: 'RangeError', message: /is not a duration: .*5m/ });
  }
});

test('formatting gives the shortest form', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [300_000, '5m'],
    [5_400_000, '1h30m'],
    [300, '300ms'],
    [1_500, '1.5s'],
    [1.5, '1.5ms'],
    [0.5, '500us'],
    [-2_000, '-2s'],
    [3_601_000, '1h1s'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

test('any whole number of milliseconds survives formatting and parsing', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 14) / 20, max: 10 ** 14 / 20 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)),
  );
});

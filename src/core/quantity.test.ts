import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalQuantity, compareQuantities, formatBytes, formatMilliCpu, isQuantity, parseBytes, parseMilliCpu } from './quantity.ts';

test('memory is read exactly', () => {
  const cases: Record<string, bigint> = {
    '512Mi': 536_870_912n,
    '1.5Gi': 1_610_612_736n,
    '2e3': 2_000n,
    '2E3': 2_000n,
    '1E': 10n ** 18n,
    '1Ei': 2n ** 60n,
    '100k': 100_000n,
    '0.1Gi': 107_374_183n,
    '500m': 1n,
    '1.': 1n,
    '.5Ki': 512n,
    '-1Ki': -1024n,
    '12e-1': 2n,
    '9223372036854775807': 2n ** 63n - 1n,
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseBytes(text), bytes, text);
});

test('processor shares are read in thousandths', () => {
  for (const [text, milli] of [
    ['500m', 500n],
    ['0.5', 500n],
    ['2', 2_000n],
    ['1u', 1n],
    ['1.0005', 1_001n],
  ] as const) {
    assert.equal(parseMilliCpu(text), milli, text);
  }
});

test('what is no quantity is refused with the text and an example', () => {
  for (const text of ['', 'Mi', '1 Gi', '1gi', '1KB', '1ki', '--1', '1e', '1.2.3', '9223372036854775808', '1e40', '1e99999', 'NaN']) {
    assert.equal(isQuantity(text), false, text);
    assert.throws(() => parseBytes(text), { name: 'RangeError', message: /is not a quantity: .*512Mi/ });
  }
});

test('equal amounts compare as equal whatever their spelling', () => {
  assert.equal(compareQuantities('1Gi', '1024Mi'), 0);
  assert.equal(compareQuantities('0.5', '500m'), 0);
  assert.ok(compareQuantities('1G', '1Gi') < 0);
  assert.ok(compareQuantities('2', '1999m') > 0);
});

test('any number of bytes or thousandths survives formatting and parsing', () => {
  const amount = fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n });
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 3 }), (value, shift) => {
      const bytes = (value >> 30n) << BigInt(10 * shift);
      assert.equal(parseBytes(formatBytes(bytes)), bytes);
      assert.equal(parseMilliCpu(formatMilliCpu(value)), value);
    }),
  );
});

test('a decimal fraction never loses or gains more than the rounding up of one unit', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 999 }), (whole, thousandths) => {
      const text = `${whole}.${thousandths.toString().padStart(3, '0')}Mi`;
      const thousandfold = (BigInt(whole) * 1000n + BigInt(thousandths)) * 1_048_576n;
      assert.equal(parseBytes(text), (thousandfold + 999n) / 1000n);
    }),
  );
});

test('the canonical form is the one the Kubernetes API writes back', () => {
  const cases: Record<string, string> = {
    '1000m': '1',
    '0.5': '500m',
    '1.5': '1500m',
    '2': '2',
    '1000': '1k',
    '2000k': '2M',
    '1024Mi': '1Gi',
    '1.5Gi': '1536Mi',
    '0.5Ki': '512',
    '1.5Ki': '1536',
    '735687.5Ki': '753344k',
    '0.0001Gi': '107374182400u',
    '1e3': '1e3',
    '100e1': '1e3',
    '5E-1': '500e-3',
    '0': '0',
    '-1024Ki': '-1Mi',
  };
  for (const [text, canonical] of Object.entries(cases)) assert.equal(canonicalQuantity(text), canonical, text);
});

test('the canonical form has the same value and is its own', () => {
  const units = ['', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2'];
  const texts = fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 999 }), fc.constantFrom(...units));
  fc.assert(
    fc.property(texts, ([whole, part, unit]) => {
      const text = `${whole}.${part}${unit}`;
      const canonical = canonicalQuantity(text);
      assert.equal(compareQuantities(canonical, text), 0);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
  );
});

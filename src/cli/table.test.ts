import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, formatAge, formatTable, printable } from './table.ts';

test('columns stay aligned with wide, combining and composed characters', () => {
  assert.deepEqual(['abc', '日本', 'e\u0301', 'ü', '👩‍👩‍👧', '🇩🇪', '❤️', 'ｆｕ', '한글', ''].map(displayWidth), [3, 4, 1, 1, 2, 2, 2, 4, 4, 0]);
  assert.equal(
    formatTable(
      ['NAME', 'X'],
      [
        ['日本', '1'],
        ['abc', '2'],
      ],
    ),
    'NAME   X\n日本   1\nabc    2\n',
  );
});

test('control characters in data are shown and never sent to the terminal', () => {
  assert.equal(printable('a\nb\t\u001b[31m\u0007\u2028'), 'a\\nb\\t\\u001b[31m\\u0007\\u2028');
  assert.equal(formatTable(['A'], [['x\r\ny']]), 'A\nx\\r\\ny\n');
});

test('ages read as in kubectl', () => {
  const second = 1_000,
    minute = 60 * second,
    hour = 60 * minute,
    day = 24 * hour;
  const cases: [number, string][] = [
    [-5, '0s'],
    [45 * second, '45s'],
    [119 * second, '119s'],
    [5 * minute + 30 * second, '5m30s'],
    [42 * minute, '42m'],
    [3 * hour + 20 * minute, '3h20m'],
    [12 * hour, '12h'],
    [2 * day + 5 * hour, '2d5h'],
    [41 * day, '41d'],
    [800 * day, '2y70d'],
    [Number.NaN, '<unknown>'],
  ];
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRowFormatter, formatHeader } from './rows.ts';
import type { Row, RowFormat } from './rows.ts';
import { parsePage } from './statement.ts';

const columns = [
  { name: 'n', type: 'bigint' },
  { name: 'text', type: 'varchar' },
  { name: 'm', type: 'map(varchar,bigint)' },
];

function format(kind: RowFormat, rows: readonly Row[], of = columns): string {
  const formatter = createRowFormatter(kind, of);
  return formatHeader(kind, of) + formatter.add(rows) + formatter.end();
}

const rows: readonly Row[] = [
  [1, '日本', { a: 1 }],
  [9007199254740993n, null, null],
  [null, '', { b: 9007199254740993n }],
];

test('a table aligns numbers to the right and shows NULL', () => {
  assert.equal(
    format('table', rows),
    [
      '               n | text | m',
      '-----------------+------+-----------------------',
      '               1 | 日本 | {"a":1}',
      '9007199254740993 | NULL | NULL',
      '            NULL |      | {"b":9007199254740993}',
      '',
    ].join('\n'),
  );
});

test('a result without rows still shows its columns', () => {
  assert.equal(format('table', []), 'n | text | m\n--+------+--\n');
  assert.equal(format('csv', []), 'n,text,m\r\n');
  assert.equal(format('json', []), '');
});

test('CSV tells NULL from the empty string and quotes what must be quoted', () => {
  assert.equal(
    format('csv', [
      [1, 'a"b,c', null],
      [null, '', null],
      [2, 'two\nlines', { a: 1 }],
    ]),
    'n,text,m\r\n1,"a""b,c",\r\n,"",\r\n2,"two\nlines","{""a"":1}"\r\n',
  );
});

test('JSON has one object per line, every digit, and a name for each column', () => {
  assert.equal(
    format('json', rows.slice(1)),
    '{"n":9007199254740993,"text":null,"m":null}\n{"n":null,"text":"","m":{"b":9007199254740993}}\n',
  );
  assert.equal(
    format(
      'json',
      [[1, 2]],
      [
        { name: 'a', type: 'bigint' },
        { name: 'a', type: 'bigint' },
      ],
    ),
    '{"a":1,"a_2":2}\n',
  );
});

test('a large table comes out in pieces with the widths of its beginning', () => {
  const formatter = createRowFormatter('table', columns);
  const first = formatter.add(Array.from({ length: 1_000 }, (_, index): Row => [index, 'x', null]));
  assert.equal(first.split('\n').length, 1_003);
  assert.equal(formatter.add([[12345, 'longer than the column', null]]), '12345 | longer than the column | NULL\n');
  assert.equal(formatter.end(), '');
});

test('numbers of a page keep their digits', () => {
  const page = parsePage('{"id":"q","data":[[12345678901234567890,-9007199254740993,1.5,1e300,7]]}');
  assert.deepEqual(page.data, [[12345678901234567890n, -9007199254740993n, 1.5, 1e300, 7]]);
});

test('what is no page is said in words', () => {
  for (const text of ['<html>', '[]', '"x"', '{}']) assert.throws(() => parsePage(text), { name: 'CliError', message: /not a Trino page/ });
});

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../run-steps.ts';
import { rows } from './rows.ts';
import { formatTable, judgeRows, rowsIn, titlesIn } from './table.ts';

test('every row of the conformance checklist is named by a test, or says why not; no test names another', () => {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root });
  const named = new Set(files.flatMap((file) => titlesIn(readFileSync(join(root, file), 'utf8')).flatMap(rowsIn)));
  assert.equal(rows.length, 98);
  assert.deepEqual(
    rows.filter(({ number, missing }) => !named.has(number) && missing === undefined).map(({ number }) => number),
    [],
  );
  assert.deepEqual(
    [...named].filter((number) => number < 1 || number > rows.length),
    [],
  );
});

test('a row stands as its tests do', () => {
  const row = { area: 'POST', must: 'x' };
  const judged = judgeRows(
    [1, 2, 3, 4, 5].map((number) => ({ ...row, number, ...(number === 2 || number === 5 ? { missing: 'y' } : {}) })),
    [
      { title: 'a [row 1] [row 2]', outcome: 'pass' },
      { title: 'b [row 3]', outcome: 'pass' },
      { title: 'c [row 3]', outcome: 'FAIL' },
      { title: 'd [row 4]', outcome: 'not run' },
    ],
  );
  assert.deepEqual(
    judged.map(({ standing }) => standing),
    ['pass', 'in part', 'FAIL', 'not run', 'open'],
  );
  assert.match(formatTable(judged), /^in part {2}2 {2}POST {5}x\n +a\n +missing: y$/m);
  assert.match(formatTable(judged), /^5 rows: 1 pass, 1 in part, 1 open, 1 not run, 1 FAIL$/m);
});

test('titles are found in a test file', () => {
  assert.deepEqual(titlesIn("it('a [row 1]', x); it(`b’s [row 2] [row 3]`, y); // [row 4]\nit('none')"), [
    'a [row 1]',
    'b’s [row 2] [row 3]',
  ]);
});

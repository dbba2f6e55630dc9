import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFindings, judgeDisk, judgeMemory } from './findings.ts';

const gibibyte = 1024 ** 3;

test('a line says ok, warn or fail, what was found, and how to mend it', () => {
  const text = formatFindings([
    { level: 'ok', subject: 'JDK', found: '25.0.3' },
    { level: 'fail', subject: 'port 8080', found: 'in use', mend: 'Stop it.' },
  ]);
  assert.equal(text, 'ok    JDK        25.0.3\nfail  port 8080  in use\n                 Stop it.\n');
});

test('little memory or disk warns, too little fails, and both say what to do', () => {
  assert.deepEqual(
    [1, 3, 8].map((size) => judgeMemory(size * gibibyte).level),
    ['fail', 'warn', 'ok'],
  );
  assert.deepEqual(
    [0.5, 1.5, 3].map((size) => judgeDisk(size * gibibyte, gibibyte, '/x').level),
    ['fail', 'warn', 'ok'],
  );
  assert.match(judgeDisk(0, gibibyte, '/x').mend ?? '', /XTRINODE_CACHE/);
});

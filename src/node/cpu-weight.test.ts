import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '#core/objects.ts';
import { nicenessOf, withNiceness } from './cpu-weight.ts';

const asking = (cpu?: string): Container => ({ name: 'trino', resources: cpu === undefined ? {} : { requests: { cpu } } });

test('whoever requests a whole CPU, more or nothing runs at the ordinary priority', () => {
  assert.deepEqual([asking('1'), asking('4'), asking()].map(nicenessOf), [0, 0, 0]);
});

test('a smaller request is a smaller weight, within bounds', () => {
  const steps = ['800m', '500m', '250m', '100m', '1m'].map((cpu) => nicenessOf(asking(cpu)));
  assert.deepEqual(steps, [1, 3, 6, 10, 10]);
});

test('the process is the command itself, not a wrapper', () => {
  const start = { command: 'java', args: ['-version'] };
  assert.equal(withNiceness(start, 0), start);
  assert.deepEqual(withNiceness(start, 6), { command: 'nice', args: ['-n', '6', 'java', '-version'] });
});

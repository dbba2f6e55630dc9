// The second after a coordinator says that it started, for all clients at once; long/first-second-alone.test.ts has each by itself.
import { test } from 'node:test';
import { mixed } from './harness/expectations.ts';
import { assertFirstSecond } from './harness/first-second.ts';

test('twenty mixed clients in the first second after the coordinator says that it started get their rows', () =>
  assertFirstSecond(mixed(20)));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickTellingLines } from './telling-lines.ts';

test('the configuration error of Trino is what is told', () => {
  const lines = [
    '2026-11-21T10:00:00.000Z\tINFO\tmain\tio.airlift.bootstrap.Bootstrap\tLoading configuration',
    '2026-11-21T10:00:01.000Z\tERROR\tmain\tio.trino.server.Server\tConfiguration is invalid',
    '==========',
    '',
    'Errors:',
    '',
    "1) Error: Configuration property 'query.max-run' was not used",
    '',
    '1 error',
    '==========',
  ];
  assert.equal(
    pickTellingLines(lines),
    "2026-11-21T10:00:01.000Z\tERROR\tmain\tio.trino.server.Server\tConfiguration is invalid\n1) Error: Configuration property 'query.max-run' was not used",
  );
});

test('exceptions are told without their frames, and once', () => {
  const lines = [
    'java.net.BindException: Address already in use',
    '\tat java.base/sun.nio.ch.Net.bind0(Native Method)',
    'Caused by: java.io.IOException: x',
    'Caused by: java.io.IOException: x',
  ];
  assert.equal(pickTellingLines(lines), 'java.net.BindException: Address already in use\nCaused by: java.io.IOException: x');
});

test('without anything telling, the last lines are told, never more than 2 KiB', () => {
  assert.equal(pickTellingLines(['one', '', 'two']), 'one\ntwo');
  assert.equal(pickTellingLines([]), '');
  assert.ok(pickTellingLines(Array.from({ length: 50 }, (_, n) => `Caused by: ${n} ${'x'.repeat(900)}`)).length <= 2048);
});

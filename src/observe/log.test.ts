import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childLog, createLog } from './log.ts';
import type { LogOptions } from './log.ts';

function aLog(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'json', write: (line) => lines.push(line), ...options });
  return { log, lines };
}

test('a JSON line carries time, level, message and fields, and ends in a newline', () => {
  const { log, lines } = aLog({ fields: { component: 'operator' } });
  log.info('woken', { runtime: 'team/sales', bytes: 5n });
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(rest, { level: 'info', msg: 'woken', component: 'operator', runtime: 'team/sales', bytes: '5' });
  assert.ok(lines[0]?.endsWith('}\n'));
});

test('lines below the level are not written', () => {
  const { log, lines } = aLog({ level: 'warn' });
  log.info('quiet');
  log.warn('heard');
  assert.equal(lines.length, 1);
});

test('an error among the fields keeps its message, kind and cause', () => {
  const { log, lines } = aLog();
  log.error('failed', { error: new TypeError('no such host', { cause: new Error('ENOTFOUND') }) });
  const { error } = JSON.parse(lines[0] ?? '') as { error: { name: string; message: string; cause: { message: string } } };
  assert.deepEqual([error.name, error.message, error.cause.message], ['TypeError', 'no such host', 'ENOTFOUND']);
});

test('a child log adds its fields, and those of the call win', () => {
  const { log, lines } = aLog();
  childLog(log, { runtime: 'a', step: 'x' }).info('done', { step: 'y' });
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual([line['runtime'], line['step']], ['a', 'y']);
});

test('a pretty line is one line of text, whatever the message of an error', () => {
  const { log, lines } = aLog({ format: 'pretty', fields: { component: 'gateway' } });
  log.warn('cannot wake', { runtime: 'team/sales', error: new Error('two\nlines') });
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} WARN {2}gateway cannot wake runtime=team\/sales error="two\\nlines"\n$/);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { familyOf, upstreamHeaders } from './headers.ts';
import { parseFirstPage } from './first-page.ts';
import { coordinatorIdOf, createdAtOf, formatHeldId, isHeldId } from './query-id.ts';
import { isStartedAfter, parseUptimeMs } from './server-info.ts';
import { formatErrorPage, trinoErrors, type TrinoErrorName } from './synthetic-page.ts';

describe('query ids', () => {
  it('tell their coordinator and when they were made', () => {
    const id = '20261121_083737_00042_ab3de';
    assert.deepEqual([coordinatorIdOf(id), createdAtOf(id), isHeldId(id)], ['ab3de', Date.UTC(2026, 10, 21, 8, 37, 37), false]);
    assert.deepEqual(['', 'x', '20261121_083737_00042_AB', '2026_1_1_x'].map(coordinatorIdOf), [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of held statements look like Trino’s and are known by their end', () => {
    const id = formatHeldId(Date.UTC(2026, 10, 21, 8, 37, 37, 999), 100_042, 'ab');
    assert.equal(id, '20261121_083737_00042_0gwab');
    assert.ok(isHeldId(id));
  });
});

describe('headers', () => {
  it('choose the family, ours not counting', () => {
    const family = (...names: string[]): string | undefined => familyOf(names.map((name) => [name, 'x'] as const));
    assert.deepEqual(
      [family('X-Trino-User'), family('X-Presto-User', 'X-Trino-XTrinode'), family('x-presto-user', 'X-TRINO-user'), family()],
      ['trino', 'presto', undefined, 'trino'],
    );
  });

  it('give the default port of the protocol when the client wrote none', () => {
    const portOf = (protocol: 'http' | 'https', host: string): string | undefined =>
      upstreamHeaders([], { protocol, host, clientAddress: 'c', prefix: '' })[5];
    assert.deepEqual(
      [portOf('http', 'h'), portOf('https', 'h'), portOf('http', 'h:81'), portOf('https', '[::1]')],
      ['80', '443', '81', '443'],
    );
  });
});

describe('the page that answers a POST', () => {
  it('is one only with an id, and an absolute address if any', () => {
    assert.deepEqual(parseFirstPage('{"id":"i","nextUri":"http://h/x"}'), { id: 'i', nextUri: 'http://h/x', errorName: undefined });
    assert.deepEqual(parseFirstPage('{"id":"i","error":{"errorName":"E"}}'), { id: 'i', nextUri: undefined, errorName: 'E' });
    for (const text of ['', '<html>', 'null', '[]', '{}', '{"id":""}', '{"id":1}', '{"id":"i","nextUri":"/x"}', '{"id":"i","nextUri":1}'])
      assert.equal(parseFirstPage(text), undefined, text);
  });
});

describe('whether a process is younger than a query', () => {
  const id = '20260101_000000_00001_abcde';
  const madeAt = Date.UTC(2026, 0, 1);
  it('follows from its id where Trino says it', () => {
    assert.equal(isStartedAfter(id, { coordinatorId: 'abcde', uptime: '1.00s' }, madeAt + 60_000), false);
    assert.equal(isStartedAfter(id, { coordinatorId: 'fghij', uptime: '9.00d' }, madeAt), true);
  });

  it('else from its uptime, when that is certain', () => {
    assert.equal(isStartedAfter(id, { starting: true }, madeAt), true);
    assert.equal(isStartedAfter(id, { uptime: '10.00s' }, madeAt + 60_000), true);
    assert.equal(isStartedAfter(id, { uptime: '59.00s' }, madeAt + 60_000), false);
    assert.equal(isStartedAfter(id, { uptime: '2.00h' }, madeAt + 60_000), false);
    for (const info of [null, 'x', {}, { uptime: 'long' }, { uptime: 5 }]) assert.equal(isStartedAfter(id, info, madeAt + 1e9), false);
    assert.deepEqual([parseUptimeMs('1.52m'), parseUptimeMs('3.00d'), parseUptimeMs('m')], [91_200, 259_200_000, undefined]);
  });
});

describe('every error page', () => {
  it('has all that any client needs to see an error [row 86]', () => {
    for (const name of Object.keys(trinoErrors) as TrinoErrorName[]) {
      const page = JSON.parse(formatErrorPage({ id: 'i', origin: 'http://h', elapsedMs: 1.5, failure: { name, message: 'm' } })) as Record<
        string,
        unknown
      >;
      const error = page['error'] as Record<string, unknown>;
      assert.deepEqual([page['id'], page['infoUri'], page['warnings'], 'nextUri' in page], ['i', 'http://h/ui/query.html?i', [], false]);
      assert.deepEqual(
        [error['message'], error['errorName'], typeof error['errorCode'], error['failureInfo']],
        ['m', name, 'number', { type: 'io.xtrinode.gateway', message: 'm', suppressed: [], stack: [] }],
      );
      assert.match(String(error['errorType']), /^(USER_ERROR|INTERNAL_ERROR|INSUFFICIENT_RESOURCES|EXTERNAL)$/);
    }
  });
});

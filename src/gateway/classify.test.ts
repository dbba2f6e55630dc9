import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { classify } from './classify.ts';

const id = '20260101_000000_00001_abcde';
const heldId = '20260101_000000_00001_0gwgz';

describe('what a request is', () => {
  it('is told from method and path alone', () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['POST', '/v1/statement', 'statement'],
      ['HEAD', '/v1/statement', 'statement-check'],
      ['PUT', '/v1/statement', 'method'],
      ['GET', `/v1/statement/executing/${id}/ys/3`, 'query'],
      ['DELETE', `/v1/statement/executing/partialCancel/${id}/0/ys/3`, 'query'],
      ['GET', `/v1/statement/queued/${heldId}/xs/3`, 'held'],
      ['GET', `/v1/statement/queued/${heldId}/xs/-1`, 'unknown'],
      ['GET', `/v1/statement/queued/${heldId}/xs`, 'unknown'],
      ['GET', '/v1/query', 'query-list'],
      ['DELETE', `/v1/query/${id}`, 'query'],
      ['PUT', `/v1/query/${id}/killed`, 'query'],
      ['GET', `/v1/query/${id}/other`, 'unknown'],
      ['GET', '/v1/info', 'info'],
      ['PUT', '/v1/info/state', 'unknown'],
      ['GET', '/v1/spooled/download/x', 'spooled'],
      ['GET', '/oauth2/callback', 'login'],
      ['GET', '/readyz', 'health'],
      ['GET', '/', 'ui'],
    ];
    for (const [method, path, kind] of cases) assert.equal(classify(method, path, '').kind, kind, `${method} ${path}`);
  });

  it('names the query of a UI link', () => {
    assert.deepEqual(classify('GET', '/ui/query.html', `?${heldId}`), { kind: 'ui', queryId: heldId });
    assert.deepEqual(classify('GET', `/ui/api/query/${id}`, ''), { kind: 'ui', queryId: id });
  });

  it('lets no path through that a coordinator could read as an internal one [row 54]', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      'ui',
      'v1',
      'task',
      'statement',
      'query',
      ';',
      '%2e',
      '%2F',
      '%5c',
      '\\',
      '',
      '..;a',
      '%25',
      'info',
      'state',
      'x',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = `/${parts.join('/')}`;
        const decoded = decodeURIComponent(decodeURIComponent(path.replaceAll('%25', ''))).replaceAll(/;[^/]*/g, '');
        const seen = new URL(decoded.replaceAll('\\', '/').replaceAll(/\/{2,}/g, '/'), 'http://x').pathname;
        const isInternal = /^\/v1\/(task|info\/state|x)/.test(seen);
        if (isInternal) assert.equal(classify('GET', path, '').kind, 'unknown', path);
      }),
      { numRuns: 2_000 },
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readFileEntries } from './file-entries.ts';
import { explainRoute } from './explain.ts';
import { buildRouteTable, chooseRoute, isProblem, keyOfEntry, membersOf } from './route-table.ts';

const url = { coordinatorUrl: 'http://10.0.0.1:8080' };
const { entries } = readFileEntries([
  { namespace: 'team', name: 'small', state: 'PAUSED', routingGroup: 'bi', hosts: ['bi.example.com'], note: 'idle' },
  { namespace: 'team', name: 'large', state: 'RUNNING', routingGroup: 'bi', weight: 8, ...url },
  { namespace: 'ops', name: 'etl', state: 'RESUMING', isDefault: true },
  { namespace: 'ops', name: 'broken', state: 'RESUMING', failure: { reason: 'CrashLoop', message: 'no such property' } },
]);
const table = buildRouteTable(entries);

function explained(host: string, headerValue?: string): readonly string[] | string {
  const answer = explainRoute(table, { host, headerValue, user: 'ann' });
  return 'code' in answer ? answer.detail : answer;
}

describe('the explanation of a route', () => {
  it('names the rule, the group and what happens', () => {
    assert.deepEqual(explained('BI.example.com:8080'), [
      'team/large: the host name bi.example.com selects it.',
      'Routing group bi: team/large (RUNNING, weight 8), team/small (PAUSED, weight 1).',
      'Of the group: it is the only one awake.',
      'It is awake: the statement is handed over at once.',
    ]);
    assert.deepEqual(explained('other', 'team/small'), [
      'team/small: X-Trino-XTrinode: team/small selects it.',
      'It sleeps (idle): the statement wakes it and waits for it, at most 600 s (spec.wakePatience).',
    ]);
    assert.equal(explained('other')[0], 'ops/etl: nothing in the request selects a runtime, and it is the default.');
    assert.match(String(explained('other', 'ops/broken')[1]), /cannot start, .*: no such property$/);
  });

  it('is what the client would be told where nothing is selected', () => {
    assert.match(String(explained('other', 'nobody')), /X-Trino-XTrinode: "nobody" selects no runtime/);
  });

  it('always names one of those that the gateway may choose', () => {
    const hosts = fc.constantFrom('bi.example.com', 'other');
    const values = fc.constantFrom(undefined, 'team/small', 'team/large', 'ops/etl');
    fc.assert(
      fc.property(hosts, values, (host, headerValue) => {
        const chosen = chooseRoute(table, host, headerValue);
        assert.ok(!isProblem(chosen));
        const possible = membersOf(table, chosen, headerValue).map(keyOfEntry);
        assert.ok(possible.some((key) => explained(host, headerValue)[0]?.startsWith(`${key}: `)));
      }),
    );
  });
});

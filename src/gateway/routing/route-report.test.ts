import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteEntry, RouteState } from '#apis/v1/route-entry.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import type { ApiServerCall } from '../api-server-client.ts';
import { createRouteReport } from './route-report.ts';
import { buildRouteTable, type RouteTable } from './route-table.ts';

const table = (state: RouteState): RouteTable =>
  buildRouteTable([
    { schema: 1, namespace: 'team', name: 'sales', state, hosts: [], headerValues: [], isDefault: false } as unknown as RouteEntry,
  ]);

/** A gateway whose route table and API server are the test's. */
function aGateway() {
  const clock = createFakeClock();
  const calls: string[] = [];
  const state = { table: table('RUNNING'), version: '10', answer: (): Promise<void> => Promise.resolve() };
  let listener = (_table: RouteTable): void => undefined;
  const client = {
    call({ method, path, body }: ApiServerCall): Promise<void> {
      calls.push([method, path, ...Object.values(body ?? {})].join(' '));
      return state.answer();
    },
  };
  const report = createRouteReport({ client, gateway: 'g1', clock, log: silentLog });
  const subscribe = (one: (table: RouteTable) => void) => ((listener = one), () => undefined);
  report.start({ table: () => state.table, version: () => state.version, subscribe });
  const pass = async (ms: number): Promise<string[]> => {
    clock.advance(ms);
    await settled();
    return calls.splice(0);
  };
  const follow = (next: RouteState, version: string): void => {
    Object.assign(state, { table: table(next), version });
    listener(state.table);
  };
  return { report, pass, follow, state };
}

test('it tells how far it follows the routes at its start and every eight seconds', async () => {
  const { pass, state } = aGateway();
  assert.deepEqual(await pass(0), ['POST /gateways/g1 10']);
  assert.deepEqual(await pass(7_999), []);
  state.version = '11';
  assert.deepEqual(await pass(1), ['POST /gateways/g1 11']);
});

test('it tells at once that a runtime gets no more statements, and nothing of other changes', async () => {
  const { pass, follow } = aGateway();
  await pass(0);
  follow('PAUSED', '11');
  assert.deepEqual(await pass(20), ['POST /gateways/g1 11']);
  follow('RESUMING', '12');
  follow('RUNNING', '13');
  assert.deepEqual(await pass(1_000), []);
});

test('what comes while the API server takes its time is told after it, never beside it', async () => {
  const { pass, follow, state } = aGateway();
  await pass(0);
  const slow = Promise.withResolvers<void>();
  state.answer = () => slow.promise;
  follow('PAUSED', '11');
  assert.deepEqual(await pass(20), ['POST /gateways/g1 11']);
  follow('RUNNING', '12');
  follow('PAUSED', '13');
  assert.deepEqual(await pass(1_000), []);
  slow.resolve();
  await pass(0);
  assert.deepEqual(await pass(20), ['POST /gateways/g1 13']);
});

test('an API server that does not take it is asked again, and told when this gateway ends', async () => {
  const { report, pass, state } = aGateway();
  await pass(0);
  state.answer = () => Promise.reject(new Error('away'));
  assert.equal((await pass(8_000)).length, 1);
  assert.equal((await pass(2_000)).length, 1);
  await report.stop();
  assert.deepEqual(await pass(60_000), ['DELETE /gateways/g1']);
});

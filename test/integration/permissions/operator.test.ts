// The operator with exactly the permissions of the table, through everything that the crash sweep knows: nothing is refused, and
// nothing of the table is there for nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerOf } from '#render/labels.ts';
import { permissions } from '#rbac/permissions.ts';
import { guardApi } from '../../fakes/guarded-api.ts';
import { scenarios, type Scenario } from '../../sweep/scenarios.ts';
import { prepare } from '../../sweep/sweep.ts';
import { createWorld, team } from '../../sweep/world.ts';

/** What needs a second process (the election has a test of its own), or is asked by the API server for what we send. */
const provenElsewhere = [
  'create leases in xtrinode-system',
  'get leases xtrinode-operator in xtrinode-system',
  'update leases xtrinode-operator in xtrinode-system',
  'update xtrinodes/finalizers in served',
];

/** What of the table nobody needed in this scenario. */
async function runGuarded(scenario: Scenario, andThen: readonly Scenario[]): Promise<readonly string[]> {
  const world = await createWorld();
  try {
    const guarded = guardApi(world.api, { permissions: permissions.operator, served: [team] });
    const operator = await world.startOperator(guarded.api);
    await prepare(world, scenario);
    await scenario.act(world);
    await world.pass(scenario.takesMs);
    await operator.stop();
    await world.startOperator(guarded.api);
    await world.pass(60_000);
    for (const { act, takesMs } of andThen) {
      await act(world);
      await world.pass(takesMs);
    }
    assert.deepEqual(guarded.refusals, [], scenario.name);
    return guarded.unused();
  } finally {
    await world.stop();
  }
}

function named(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  assert.ok(found);
  return found;
}

test('the table is neither too small nor too wide for what the operator does', async () => {
  const unused: (readonly string[])[] = [];
  for (const scenario of scenarios) unused.push(await runGuarded(scenario, []));
  // A second process tells the same once more, and finds the Event of the first.
  const again = [named('wake by command'), named('suspend by command')];
  unused.push(await runGuarded(named('suspend by command'), again));
  const never = unused[0]?.filter((rule) => unused.every((rules) => rules.includes(rule)));
  assert.deepEqual(never?.toSorted(), provenElsewhere);
});

test('owner references block the deletion of a runtime, which is what the finalizers rule is for', () => {
  assert.equal(ownerOf({ namespace: 'a', name: 'b', uid: 'c' })[0]?.blockOwnerDeletion, true);
});

test('a namespace that nobody gave it stays untouched, and the refusal is in the events of the runtime', async () => {
  const world = await createWorld();
  try {
    const guarded = guardApi(world.api, { permissions: permissions.operator, served: ['another'] });
    await world.startOperator(guarded.api);
    await prepare(world, { name: 'create', before: { size: 's', suspended: false }, act: () => Promise.resolve(), takesMs: 0 });
    assert.match(guarded.refusals[0] ?? '', /cannot patch/);
  } finally {
    await world.stop();
  }
});

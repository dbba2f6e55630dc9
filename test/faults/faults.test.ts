// What the operator, with its real client over HTTPS, must come through: each named fault while something happens to a runtime, and
// one bad object among good ones.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { apiVersion, xtrinodes } from '#apis/v1/resources.ts';
import { awakeSpec, scenarios } from '../sweep/scenarios.ts';
import { findDifferences } from '../sweep/sweep.ts';
import { team, type World } from '../sweep/world.ts';
import { createFaultyWorld, faults, mostAlikeInAMinute, mostListsOf, runFaulty } from './faults.ts';
import type { FaultScript } from './script.ts';

/** One that makes objects, two that end processes, one that replaces a revision, one that ends all. `npm run sweep` has all others. */
const chosen = scenarios.filter(({ name }) =>
  ['create', 'suspend by command', 'sleep when idle', 'catalog change', 'delete'].includes(name),
);

/** The client sends a read six times over broken connections, and a failing pass is tried a dozen times in its first minute. */
const mostAlike = 80;

const undisturbed = new Map(chosen.map((scenario) => [scenario, runFaulty(scenario, undefined)]));

for (const fault of faults) {
  for (const scenario of chosen) {
    test(`${scenario.name}, and ${fault.name}: afterwards all is as if it had not been`, async () => {
      const wanted = await undisturbed.get(scenario);
      assert.ok(wanted !== undefined);
      const { end, calls, struck } = await runFaulty(scenario, fault);
      assert.deepEqual(findDifferences(wanted.end, end), []);
      const [lists, alike] = [mostListsOf(calls), mostAlikeInAMinute(calls)];
      assert.ok(lists <= fault.mostLists, `${lists} lists of one resource`);
      assert.ok(alike <= mostAlike, `${alike} calls for the same thing in a minute`);
      assert.ok(struck > 0, 'no call has met the fault');
    });
  }
}

async function aWorldWith(t: TestContext, names: readonly string[], script: FaultScript) {
  const { world, proxy, api, stop } = await createFaultyWorld();
  t.after(stop);
  proxy.begin(script);
  await world.startOperator(api);
  for (const name of names) {
    const { routing: _routing, ...spec } = awakeSpec;
    const runtime = { apiVersion, kind: 'XTrinode', metadata: { namespace: team, name }, spec };
    await world.api.create<KubeObject>(xtrinodes, runtime, { fieldManager: 'test' });
  }
  return { world, calls: proxy.calls };
}

async function phases(world: World): Promise<Record<string, string | undefined>> {
  const { items } = await world.api.list<XTrinode>(xtrinodes, {});
  return Object.fromEntries(items.map(({ metadata, status }) => [metadata.name, status?.phase]));
}

test('a runtime whose objects the API server refuses disturbs no other, and is not tried for ever in haste', async (t) => {
  const refused = { do: 'answer', code: 422, reason: 'Invalid' } as const;
  const { world, calls } = await aWorldWith(t, ['bad', 'good'], [{ on: ['apply'], name: 'trino-bad', fault: refused }]);
  await world.pass(60_000);
  assert.equal((await phases(world))['good'], 'Ready');
  const before = calls.length;
  await world.pass(600_000);
  const later = calls.slice(before).filter(({ verb, name }) => verb === 'apply' && name?.startsWith('trino-bad'));
  assert.ok(later.length <= 5, `${later.length} tries in ten minutes`);
});

test('runtimes whose calls hang disturb no other', async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `slow${index}`);
  const { world } = await aWorldWith(t, [...names, 'good'], [{ on: 'calls', name: 'trino-slow', fault: { do: 'delay', ms: 30_000 } }]);
  await world.pass(60_000);
  assert.equal((await phases(world))['good'], 'Ready');
});

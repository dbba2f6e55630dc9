// The short form of the crash sweep (`npm run sweep` is the whole of it), and a check that it can tell a bad end from a good one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEqual } from '#core/equality.ts';
import { crashKinds } from './mortal-api.ts';
import { scenarios } from './scenarios.ts';
import { describeBad, findDifferences, runScenario, sweepScenario } from './sweep.ts';

for (const scenario of scenarios) {
  test(`${scenario.name}: an operator that dies at a write, or never hears of it, leaves the same objects in the end`, async () => {
    // Each write once, with the kinds of crash in turn.
    const sweep = await sweepScenario(scenario, ({ write, kind }) => crashKinds[write % crashKinds.length] === kind);
    assert.ok(sweep.results.length > 0);
    assert.equal(describeBad(sweep), '');
  });
}

test('an end that differs is told by object and field', async () => {
  const [create, asleep] = await Promise.all(scenarios.slice(0, 2).map((scenario) => runScenario(scenario)));
  assert.ok(create !== undefined && asleep !== undefined && !isEqual(create.end, asleep.end));
  const differences = findDifferences(create.end, asleep.end).join('\n');
  assert.match(differences, /object XTrinode team\/sales: \.spec\.suspended is true instead of false/);
  assert.match(differences, /starts of coordinator \w+: it is absent instead of 1/);
  assert.match(differences, /routes went team\.sales\.json PAUSED instead of team\.sales\.json RESUMING/);
});

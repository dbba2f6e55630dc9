// npm run sweep [-- SCENARIO]: kills the operator at every write of every scenario, then puts every scenario under every fault of an
// API server, and tells where a run did not end as the undisturbed one did. Exit code 1 when one did not.
import { faults, mostListsOf, runFaulty } from '../test/faults/faults.ts';
import { scenarios } from '../test/sweep/scenarios.ts';
import { describeBad, findDifferences, sweepScenario } from '../test/sweep/sweep.ts';

const [only] = process.argv.slice(2);
const chosen = scenarios.filter(({ name }) => only === undefined || name.includes(only));

function row(name: string, ...cells: readonly (string | number)[]): string {
  return `${name.padEnd(66)}${cells.map((cell) => String(cell).padStart(14)).join('')}\n`;
}

let isGood = chosen.length > 0;
process.stdout.write(row('scenario', 'writes', 'crash points', 'most writes', 'same end'));
for (const scenario of chosen) {
  const sweep = await sweepScenario(scenario);
  const { undisturbed, results } = sweep;
  const bad = describeBad(sweep);
  const mostWrites = Math.max(0, ...results.map(({ writes }) => writes));
  process.stdout.write(row(scenario.name, undisturbed.writes.length, results.length, mostWrites, bad === '' ? 'yes' : 'NO'));
  process.stdout.write(bad);
  isGood &&= bad === '';
}
process.stdout.write(`\n${row('fault', 'scenarios', 'most calls', 'most lists', 'same end')}`);
for (const fault of faults) {
  const bad: string[] = [];
  let mostCalls = 0;
  let mostLists = 0;
  for (const scenario of chosen) {
    const undisturbed = await runFaulty(scenario, undefined);
    const { end, calls } = await runFaulty(scenario, fault);
    mostCalls = Math.max(mostCalls, calls.length);
    mostLists = Math.max(mostLists, mostListsOf(calls));
    bad.push(...findDifferences(undisturbed.end, end).map((difference) => `  ${scenario.name}: ${difference}\n`));
  }
  process.stdout.write(row(fault.name, chosen.length, mostCalls, mostLists, bad.length === 0 ? 'yes' : 'NO'));
  process.stdout.write(bad.join(''));
  isGood &&= bad.length === 0 && mostLists <= fault.mostLists;
}
process.exitCode = isGood ? 0 : 1;

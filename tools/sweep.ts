// npm run sweep [-- SCENARIO]: kills the operator at every write of every scenario and tells where a run did not end as the
// undisturbed one did. Exit code 1 when one did not.
import { scenarios } from '../test/sweep/scenarios.ts';
import { describeBad, sweepScenario } from '../test/sweep/sweep.ts';

const [only] = process.argv.slice(2);
const chosen = scenarios.filter(({ name }) => only === undefined || name.includes(only));

function row(name: string, ...cells: readonly (string | number)[]): string {
  return `${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(14)).join('')}\n`;
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
process.exitCode = isGood ? 0 : 1;

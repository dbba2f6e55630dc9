// npm run bench -- NAME [--runs N]: runs a benchmark and, with --save, writes its result to test/bench/results, where it is
// committed. Limits are checked against ratios and counts of the result, never by a test with a stopwatch.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { benchCache } from '../test/bench/cache.ts';
import { benchGateway, benchGatewaySoak } from '../test/bench/gateway.ts';
import { benchGatewaySaturation } from '../test/bench/gateway-saturation.ts';
import { benchGatewayWaiters } from '../test/bench/gateway-waiters.ts';
import { benchOperator } from '../test/bench/operator.ts';
import { benchUp } from '../test/bench/up.ts';
import { benchWake } from '../test/bench/wake.ts';
import type { Bench } from '../test/bench/bench.ts';
import { formatBenchTable } from './bench-table.ts';

const benches: Readonly<Record<string, Bench>> = {
  cache: benchCache,
  gateway: benchGateway,
  'gateway-soak': benchGatewaySoak,
  'gateway-saturation': benchGatewaySaturation,
  'gateway-waiters': benchGatewayWaiters,
  operator: benchOperator,
  up: benchUp,
  wake: benchWake,
};

const [name = '', ...rest] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`which benchmark? npm run bench -- ${Object.keys(benches).join(' | ')} [--runs N] [--save]\n`);
  process.exit(2);
}
const runsAt = rest.indexOf('--runs');
const runs = runsAt < 0 ? bench.defaultRuns : Number(rest[runsAt + 1]);
const result = await bench.run(runs);
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
const table = formatBenchTable(result);
process.stdout.write(table);
if (rest.includes('--save')) {
  const directory = join(import.meta.dirname, '..', 'test', 'bench', 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.md`), `# npm run bench -- ${name}\n\n${availableParallelism()} processors. ${table}`);
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify({ processors: availableParallelism(), ...result }, null, 2)}\n`);
}
process.exitCode = result.limits.every(({ value, most }) => value <= most) ? 0 : 1;

// npm run conformance [-- --real]: runs the tests that name a row of the conformance checklist and prints how each row stands.
// Without --real those of the end-to-end tier (real Trino, real clients) are listed as not run.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { root } from '../run-steps.ts';
import { rows } from './rows.ts';
import { formatTable, judgeRows, rowsIn, titlesIn, type NamedTest } from './table.ts';

const quick = [
  'src/gateway/**/*.test.ts',
  'src/trino/protocol/**/*.test.ts',
  'src/reconcile/runtime/steps/*.test.ts',
  'test/integration/gateway/**/*.test.ts',
];
const real = ['test/e2e/**/*.test.ts'];

function filesOf(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root })
    .map((file) => join(root, file))
    .filter((file) => titlesIn(readFileSync(file, 'utf8')).length > 0)
    .sort();
}

async function runFiles(files: readonly string[], isOneByOne: boolean): Promise<readonly NamedTest[]> {
  const tests: NamedTest[] = [];
  const results = run({ files, concurrency: isOneByOne ? 1 : true, execArgv: ['--disable-warning=ExperimentalWarning'] });
  results.on('test:pass', ({ name }) => tests.push({ title: name, outcome: 'pass' }));
  results.on('test:fail', ({ name }) => tests.push({ title: name, outcome: 'FAIL' }));
  for await (const event of results) if (event.type === 'test:stderr') process.stderr.write(event.data.message);
  return tests.filter(({ title }) => rowsIn(title).length > 0);
}

const wantsReal = process.argv.includes('--real');
const notRun = (): NamedTest[] =>
  filesOf(real).flatMap((file) => titlesIn(readFileSync(file, 'utf8')).map((title) => ({ title, outcome: 'not run' as const })));
const tests = [...(await runFiles(filesOf(quick), false)), ...(wantsReal ? await runFiles(filesOf(real), true) : notRun())];
const judged = judgeRows(rows, tests);
process.stdout.write(formatTable(judged));
process.exitCode = judged.some(({ standing }) => standing === 'FAIL') ? 1 : 0;

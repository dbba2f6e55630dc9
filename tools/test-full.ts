// npm run test:full: what is too long for `npm test`. Leaves its result in test/e2e/long/last-result.json, which is committed.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { longSteps } from './tiers.ts';
import { root, runSteps, type StepResult } from './run-steps.ts';

const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim();
const steps: StepResult[] = [];
const isWell = await runSteps(longSteps, (result) => steps.push(result));
const result = { at: new Date().toISOString(), commit, cores: availableParallelism(), isWell, steps };
writeFileSync(join(root, 'test', 'e2e', 'long', 'last-result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
process.exitCode = isWell ? 0 : 1;

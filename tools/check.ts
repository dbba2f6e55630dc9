// npm run check: everything that needs no Trino, under a minute. Each commit passes it.
import { checkSteps } from './tiers.ts';
import { runSteps } from './run-steps.ts';

process.exitCode = (await runSteps(checkSteps)) ? 0 : 1;

// npm test: every tier that this machine can run, set-up included. A tier that cannot run says so loudly; under CI (CI=true)
// that is a failure.
import { checkSteps, endToEndSteps, realKubernetesSteps, sweepTests } from './tiers.ts';
import { runSteps } from './run-steps.ts';

process.exitCode = (await runSteps([...checkSteps, sweepTests, ...realKubernetesSteps, ...endToEndSteps])) ? 0 : 1;

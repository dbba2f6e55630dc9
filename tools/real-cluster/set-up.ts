// Builds what the tests on a real Kubernetes need, which takes minutes once: here it is seen to happen, and no test's time is
// spent on it.
import { requireRealKubernetes } from './require-real-kubernetes.ts';

await requireRealKubernetes((line) => process.stdout.write(`${line}\n`));
process.stdout.write('the programs of Kubernetes are there\n');

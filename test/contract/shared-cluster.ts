// One real control plane for all test files of the tier, which run in one process (tools/tiers.ts).
import { after } from 'node:test';
import { requireRealKubernetes } from '../../tools/real-cluster/require-real-kubernetes.ts';
import { startRealCluster, type RealCluster } from '../../tools/real-cluster/start-real-cluster.ts';

await requireRealKubernetes((line) => process.stderr.write(`${line}\n`));

let cluster: Promise<RealCluster> | undefined;

/** Started for the first who asks, stopped after all tests. */
export function sharedCluster(): Promise<RealCluster> {
  cluster ??= startRealCluster();
  return cluster;
}

after(async () => (await cluster)?.stop());

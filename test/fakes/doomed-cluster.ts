// A program for start-real-cluster.test.ts: starts a control plane, says so, and waits to be killed.
import { startRealCluster } from '../../tools/real-cluster/start-real-cluster.ts';

await startRealCluster({ env: process.env, controllers: false });
process.stdout.write('started\n');

// Writes what a real API server says of the built-in kinds, for the embedded API. Run it after a change of the Kubernetes version
// or of src/kube/resources.ts: node tools/start.mjs --script tools/gen-kubernetes-schemas.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askWith } from '../test/contract/contract-server.ts';
import { readKubernetesSchemas } from './real-cluster/kubernetes-schemas.ts';
import { startRealCluster } from './real-cluster/start-real-cluster.ts';

const file = join(import.meta.dirname, '..', 'src', 'embedded', 'generated', 'kubernetes-schemas.json');
const cluster = await startRealCluster({ controllers: false, report: (line) => process.stderr.write(`${line}\n`) });
try {
  writeFileSync(file, await readKubernetesSchemas(await askWith(cluster.kubeconfigPath)));
  process.stdout.write(`wrote ${file}\n`);
} finally {
  await cluster.stop();
}

// A real kube-apiserver as a server under contract.
import { request } from 'node:http';
import { join } from 'node:path';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import { etcdSocket } from '../../tools/real-cluster/parts.ts';
import type { RealCluster } from '../../tools/real-cluster/start-real-cluster.ts';
import { askWith, type ContractServer } from './contract-server.ts';

/** The cluster itself is not stopped with it. */
export async function connectRealServer({ kubeconfigPath, directory }: RealCluster): Promise<ContractServer> {
  const api = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath });
  return {
    api,
    ask: await askWith(kubeconfigPath),
    forget: () => compact(join(directory, etcdSocket)),
    stop: () => api.close(),
  };
}

/** etcd forgets all revisions before the present one, as it does every five minutes. */
async function compact(socketPath: string): Promise<void> {
  const { header } = (await call(socketPath, '/v3/maintenance/status', {})) as { readonly header: { readonly revision: string } };
  await call(socketPath, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

function call(socketPath: string, path: string, body: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, method: 'POST' }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    });
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
}

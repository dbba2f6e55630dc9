// A real kube-apiserver as a server under contract.
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import type { RealCluster } from '../../tools/real-cluster/start-real-cluster.ts';
import { askWith, type ContractServer } from './contract-server.ts';

/** The cluster itself is not stopped with it. */
export async function connectRealServer({ kubeconfigPath }: RealCluster): Promise<ContractServer> {
  const api = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath });
  return {
    api,
    ask: await askWith(kubeconfigPath),
    stop: () => api.close(),
  };
}

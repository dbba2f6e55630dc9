// The embedded API behind its socket, as a server under contract.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import { askWith, type ContractServer } from './contract-server.ts';

export async function startEmbeddedServer(): Promise<ContractServer> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-http-'));
  const embedded = await createEmbeddedApi({ file: join(directory, 'api.db'), clock, random: Math.random, newUid: randomUUID });
  embedded.startControllers();
  const { kubeconfigPath } = await embedded.listen({
    port: 0,
    certificateDir: join(directory, 'tls'),
    kubeconfigPath: join(directory, 'kubeconfig'),
  });
  const api = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath });
  return {
    api,
    ask: await askWith(kubeconfigPath),
    async stop() {
      await api.close();
      await embedded.stop();
      await rm(directory, { recursive: true });
    },
  };
}

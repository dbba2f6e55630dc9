// The embedded API behind its socket, as a server under contract.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { me } from './contract-objects.ts';
import { askWith, type ContractServer } from './contract-server.ts';

export interface EmbeddedServer extends ContractServer {
  readonly kubeconfigPath: string;
}

/** More changes than any case makes between two looks, and few enough to be made up. */
export const historyCapacity = 1_024;

/** Other changes take the place of those that are remembered. */
export async function forgetBy(api: KubeApi): Promise<void> {
  const key = { name: 'busy', namespace: 'default' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key };
  for (let count = 0; count < historyCapacity * 2; count += 1) await api.apply(configMaps, { ...object, data: { count: `${count}` } }, me);
  await api.remove(configMaps, key);
}

export interface EmbeddedServerInit {
  /** Lines that every container has logged; default: there is no node, which could read them. */
  readonly log?: readonly string[];
}

export async function startEmbeddedServer({ log }: EmbeddedServerInit = {}): Promise<EmbeddedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-http-'));
  const init = { file: join(directory, 'api.db'), clock, random: Math.random, newUid: randomUUID, historyCapacity };
  const embedded = await createEmbeddedApi(init);
  embedded.startControllers();
  if (log !== undefined) {
    embedded.setLogReader(async function* read(_pod, { tailLines = log.length }) {
      yield* log.slice(log.length - tailLines);
    });
  }
  const { kubeconfigPath } = await embedded.listen({
    port: 0,
    certificateDir: join(directory, 'tls'),
    kubeconfigPath: join(directory, 'kubeconfig'),
  });
  const api = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath });
  return {
    api,
    ask: await askWith(kubeconfigPath),
    kubeconfigPath,
    forget: () => forgetBy(embedded.api),
    async stop() {
      await api.close();
      await embedded.stop();
      await rm(directory, { recursive: true });
    },
  };
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs } from '#apis/v1/resources.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { customResourceDefinitions } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import { applyDefinitions, readDefinitions } from '#roles/bootstrap.ts';
import { createWebhooks, withoutWebhooks } from '#roles/webhooks.ts';
import { catalogSamples } from '../builders/catalog-samples.ts';
import { describeDefinitions } from './definitions-contract.ts';
import { until } from './expectations.ts';
import { connectRealServer } from './real-server.ts';
import { sharedCluster } from './shared-cluster.ts';
import { describeUpgrade } from './upgrade-contract.ts';

interface WithConditions extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function connected(): Promise<{ readonly api: KubeApi; stop(): Promise<void> }> {
  return connectRealServer(await sharedCluster());
}

async function defined() {
  const server = await connected();
  await applyDefinitions(server.api);
  for (const { metadata } of readDefinitions()) {
    await until(server.api, customResourceDefinitions, undefined, (object) => {
      const conditions = (object as WithConditions).status?.conditions ?? [];
      return object.metadata.name === metadata.name && conditions.some(({ type, status }) => type === 'Established' && status === 'True');
    });
  }
  return server;
}

/** With our webhooks, asked by the API server; they are taken away again. */
async function withWebhooks() {
  const { api, stop } = await defined();
  const webhooks = createWebhooks({ api, clock, random: Math.random, log: silentLog, listen: { host: '127.0.0.1', port: 0 } });
  await webhooks.listen();
  await webhooks.register();
  const refused = catalogSamples.find(({ by }) => by === 'admission')?.object as KubeObject;
  // The API server hears of a configuration a moment after it was written.
  while (await isAccepted(api, refused));
  return {
    api,
    async stop() {
      await withoutWebhooks(api);
      // ... and of its end, after which nobody may call us any more.
      while (!(await isAccepted(api, refused)));
      await webhooks.stop();
      await stop();
    },
  };
}

async function isAccepted(api: KubeApi, catalog: KubeObject): Promise<boolean> {
  try {
    await api.create(xtrinodeCatalogs, catalog, { fieldManager: 'test', dryRun: true });
    return true;
  } catch (error) {
    if (!isKubeError(error, 'Invalid')) throw error;
    return false;
  }
}

describeUpgrade('real kube-apiserver', connected);
describeDefinitions('real kube-apiserver', { hasAdmission: false, open: defined });
describeDefinitions('real kube-apiserver with webhooks', { hasAdmission: true, open: withWebhooks });

describe('kubectl explain on a real kube-apiserver', () => {
  it('tells what a field does, its form and its default', async () => {
    const { kubectl, kubeconfigPath } = await sharedCluster();
    const { stop } = await defined();
    const explain = async (field: string): Promise<string> => {
      const { stdout } = await promisify(execFile)(kubectl, ['--kubeconfig', kubeconfigPath, 'explain', field]);
      return stdout.replaceAll(/\s+/g, ' ');
    };
    assert.match(await explain('xtrinode.spec'), /Idle time after which the runtime goes to sleep, from 1s to 8760h, .* Default: 5m\./);
    assert.match(await explain('tn.spec.routing.header'), /Value of the request header X-Trino-XTrinode that selects this runtime/);
    assert.match(await explain('xtrinodecatalog.spec.connector.custom.connectorName'), /such as postgresql/);
    await stop();
  });
});

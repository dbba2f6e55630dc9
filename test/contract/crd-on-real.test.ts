import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { KubeObject } from '#core/objects.ts';
import { apiVersion, xtrinodeCatalogs } from '#apis/v1/resources.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
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

const me = { fieldManager: 'test', force: true } as const;
const rbac = (kind: string, plural: string): Resource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const roles = rbac('Role', 'roles');
const roleBindings = rbac('RoleBinding', 'rolebindings');

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
      // Until now its keeper may have written the configuration once more.
      await withoutWebhooks(api);
      while (!(await isAccepted(api, refused)));
      await stop();
    },
  };
}

async function isAccepted(api: KubeApi, catalog: KubeObject): Promise<boolean> {
  try {
    await api.create(xtrinodeCatalogs, catalog, { fieldManager: 'test', dryRun: true });
    return true;
  } catch (error) {
    // InternalError: the API server still asks one that has gone
    if (!isKubeError(error, 'Invalid', 'InternalError')) throw error;
    return false;
  }
}

describeUpgrade('real kube-apiserver', connected);
describeDefinitions('real kube-apiserver', { hasAdmission: false, open: defined });
describeDefinitions('real kube-apiserver with webhooks', { hasAdmission: true, open: withWebhooks });

describe('Secrets named in catalogs, on a real kube-apiserver', () => {
  it('who may write catalogs and not read the Secret is refused, and told which right is missing', async () => {
    const { api, stop } = await withWebhooks();
    const cluster = await sharedCluster();
    const nobody = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath: cluster.kubeconfigFor('nobody') });
    const grant = async (name: string, rules: readonly object[]): Promise<void> => {
      const meta = (kind: string) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name, namespace: 'default' } });
      const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'nobody' }];
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
      await api.apply<KubeObject>(roles, { ...meta('Role'), rules } as KubeObject, me);
      await api.apply<KubeObject>(roleBindings, { ...meta('RoleBinding'), subjects, roleRef } as KubeObject, me);
    };
    await grant('catalogs', [{ apiGroups: ['analytics.xtrinode.io'], resources: ['xtrinodecatalogs'], verbs: ['create'] }]);
    const spec = { connector: { tpch: { propertySecretRefs: { a: { name: 'credentials', key: 'k' } } } } };
    const catalog = { apiVersion, kind: 'XTrinodeCatalog', metadata: { name: 'named', namespace: 'default' }, spec } as KubeObject;
    const create = () => nobody.create(xtrinodeCatalogs, catalog, { fieldManager: 'test', dryRun: true });
    // The grant is known a moment after it was written; until then the API server itself refuses.
    const said = async (): Promise<string> => create().then(() => 'accepted', String);
    let answer = await said();
    while (/cannot create resource/.test(answer)) answer = await said();
    assert.match(
      answer,
      /user "nobody" may not read Secret default\/credentials.*grant "get" on secrets "credentials" in namespace default/,
    );
    await grant('secrets', [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['credentials'], verbs: ['get'] }]);
    while (answer !== 'accepted') answer = await said();
    await nobody.close();
    await stop();
  });
});

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

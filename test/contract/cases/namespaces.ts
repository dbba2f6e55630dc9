import assert from 'node:assert/strict';
import type { KubeObject } from '#core/objects.ts';
import { configMaps, namespaces } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me } from '../contract-objects.ts';
import { fails, gone, until } from '../expectations.ts';

interface Space extends KubeObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string };
}

export const spaces: ContractGroup = {
  name: 'namespaces',
  cases: [
    contract('are labelled with their name and active', async ({ api, namespace }) => {
      const name = `${namespace}-x`;
      const made = await api.create<Space>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, me);
      assert.deepEqual(made.metadata.labels, { 'kubernetes.io/metadata.name': name });
      assert.deepEqual([made.spec, made.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
    }),
    contract('cannot be deleted when they are the ground of others', async ({ api }) => {
      await fails(api.remove(namespaces, { name: 'default' }), 403, 'Forbidden', /this namespace may not be deleted/);
      await fails(api.remove(namespaces, { name: 'kube-system' }), 403, 'Forbidden', /this namespace may not be deleted/);
    }),
    contract('take nothing new while they end, and go when the last object has gone', async ({ api, namespace }) => {
      const held = configMap(namespace, 'held');
      const finalizers = ['contract.xtrinode.io/hold'];
      await api.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers } }, me);
      const space = await api.get<Space>(namespaces, { name: namespace });
      await api.remove(namespaces, { name: namespace });
      assert.equal((await api.get<Space>(namespaces, { name: namespace }))?.status?.phase, 'Terminating');
      await fails(api.create(configMaps, configMap(namespace, 'late'), me), 403, 'Forbidden', /because it is being terminated/);
      await until(api, configMaps, namespace, (object) => object.metadata.deletionTimestamp !== undefined);
      await api.patch(configMaps, { namespace, name: 'held' }, 'merge', { metadata: { finalizers: null } }, me);
      await gone(api, namespaces, space);
    }),
    contract('can be deleted twice', async ({ api, namespace }) => {
      const held = configMap(namespace, 'held');
      await api.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['contract.xtrinode.io/hold'] } }, me);
      await api.remove(namespaces, { name: namespace });
      await api.remove(namespaces, { name: namespace });
      await until(api, configMaps, namespace, (object) => object.metadata.deletionTimestamp !== undefined);
      await api.patch(configMaps, { namespace, name: 'held' }, 'merge', { metadata: { finalizers: null } }, me);
    }),
  ],
};

import assert from 'node:assert/strict';
import type { Pod } from '#core/objects.ts';
import { configMaps, namespaces, pods } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me } from '../contract-objects.ts';
import { fails, gone } from '../expectations.ts';

export const deleting: ContractGroup = {
  name: 'deleting',
  cases: [
    contract('does not mind an absent object, and removes a present one', async ({ api, namespace }) => {
      await api.remove(configMaps, { namespace, name: 'absent' });
      await api.create(configMaps, configMap(namespace, 'a'), me);
      await api.remove(configMaps, { namespace, name: 'a' });
      assert.equal(await api.get(configMaps, { namespace, name: 'a' }), undefined);
    }),
    contract('refuses when uid or resourceVersion differ', async ({ api, namespace }) => {
      const key = { namespace, name: 'a' };
      const made = await api.create(configMaps, configMap(namespace, 'a'), me);
      await fails(api.remove(configMaps, key, { uid: 'another' }), 409, 'Conflict');
      await fails(api.remove(configMaps, key, { resourceVersion: '1' }), 409, 'Conflict');
      await api.remove(configMaps, key, { uid: made.metadata.uid ?? '', resourceVersion: made.metadata.resourceVersion ?? '' });
    }),
    contract('waits for finalizers, and takes no new ones meanwhile', async ({ api, namespace }) => {
      const key = { namespace, name: 'a' };
      const held = configMap(namespace, 'a');
      await api.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['contract.xtrinode.io/hold'] } }, me);
      await api.remove(configMaps, key);
      const marked = await api.get(configMaps, key);
      assert.ok(marked?.metadata.deletionTimestamp !== undefined);
      await fails(
        api.patch(configMaps, key, 'merge', { metadata: { finalizers: ['contract.xtrinode.io/hold', 'contract.xtrinode.io/new'] } }, me),
        422,
        'Invalid',
        /no new finalizers/,
      );
      await api.patch(configMaps, key, 'merge', { metadata: { finalizers: null } }, me);
      assert.equal(await api.get(configMaps, key), undefined);
    }),
    contract('gives a Pod on a node its grace, until the node deletes it with none', async ({ api, namespace }) => {
      const key = { namespace, name: 'p' };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace },
        spec: { nodeName: 'elsewhere', containers: [{ name: 'c', image: 'x' }], terminationGracePeriodSeconds: 7 },
      };
      await api.create<Pod>(pods, pod, me);
      await api.remove(pods, key);
      assert.equal((await api.get(pods, key))?.metadata.deletionGracePeriodSeconds, 7);
      await api.remove(pods, key, { gracePeriodSeconds: 0 });
      assert.equal(await api.get(pods, key), undefined);
    }),
    contract('collects what an object owned', async ({ api, namespace }) => {
      const owner = await api.create(configMaps, configMap(namespace, 'owner'), me);
      const owned = configMap(namespace, 'owned');
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' }];
      const made = await api.create(configMaps, { ...owned, metadata: { ...owned.metadata, ownerReferences } }, me);
      await api.remove(configMaps, { namespace, name: 'owner' });
      await gone(api, configMaps, made);
    }),
    contract('empties a namespace before it goes', async ({ api, namespace }) => {
      const made = await api.create(configMaps, configMap(namespace, 'a'), me);
      const space = await api.get(namespaces, { name: namespace });
      await api.remove(namespaces, { name: namespace });
      await gone(api, configMaps, made);
      await gone(api, namespaces, space);
    }),
  ],
};

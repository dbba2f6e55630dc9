import assert from 'node:assert/strict';
import type { KubeApi } from '#kube/port.ts';
import type { ConfigMap } from '#core/objects.ts';
import { configMaps } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me } from '../contract-objects.ts';
import { gone, until } from '../expectations.ts';

const hold = 'contract.xtrinode.io/hold';

async function makeFamily(api: KubeApi, namespace: string, finalizers: readonly string[] = []): Promise<void> {
  const { metadata } = await api.create(configMaps, configMap(namespace, 'owner'), me);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid ?? '', blockOwnerDeletion: true }];
  const owned = configMap(namespace, 'owned');
  await api.create<ConfigMap>(configMaps, { ...owned, metadata: { ...owned.metadata, ownerReferences, finalizers } }, me);
}

export const cascading: ContractGroup = {
  name: 'owners and what they own',
  cases: [
    contract('in the foreground, the owner waits for what it owns', async ({ api, namespace }) => {
      const [owner, owned] = [
        { namespace, name: 'owner' },
        { namespace, name: 'owned' },
      ];
      await makeFamily(api, namespace, [hold]);
      await api.remove(configMaps, owner, { propagationPolicy: 'Foreground' });
      await until(api, configMaps, namespace, ({ metadata }) => metadata.name === 'owned' && metadata.deletionTimestamp !== undefined);
      const waiting = await api.get(configMaps, owner);
      assert.deepEqual(waiting?.metadata.finalizers, ['foregroundDeletion']);
      await api.patch(configMaps, owned, 'merge', { metadata: { finalizers: null } }, me);
      await gone(api, configMaps, waiting);
    }),
    contract('in the background, the owner goes first', async ({ api, namespace }) => {
      await makeFamily(api, namespace, [hold]);
      await api.remove(configMaps, { namespace, name: 'owner' }, { propagationPolicy: 'Background' });
      assert.equal(await api.get(configMaps, { namespace, name: 'owner' }), undefined);
      await until(api, configMaps, namespace, ({ metadata }) => metadata.name === 'owned' && metadata.deletionTimestamp !== undefined);
      await api.patch(configMaps, { namespace, name: 'owned' }, 'merge', { metadata: { finalizers: null } }, me);
    }),
    contract('as orphans, they stay and know no owner', async ({ api, namespace }) => {
      await makeFamily(api, namespace);
      const owner = await api.get(configMaps, { namespace, name: 'owner' });
      await api.remove(configMaps, { namespace, name: 'owner' }, { propagationPolicy: 'Orphan' });
      await gone(api, configMaps, owner);
      const orphan = await api.get(configMaps, { namespace, name: 'owned' });
      assert.deepEqual([orphan?.metadata.ownerReferences, orphan?.metadata.deletionTimestamp], [undefined, undefined]);
    }),
    contract('one that another owner still has, stays', async ({ api, namespace }) => {
      await makeFamily(api, namespace);
      const other = await api.create(configMaps, configMap(namespace, 'other'), me);
      const owned = await api.get(configMaps, { namespace, name: 'owned' });
      const second = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: other.metadata.uid };
      const ownerReferences = [...(owned?.metadata.ownerReferences ?? []), second];
      await api.patch(configMaps, { namespace, name: 'owned' }, 'merge', { metadata: { ownerReferences } }, me);
      await api.remove(configMaps, { namespace, name: 'owner' });
      await until(api, configMaps, namespace, ({ metadata }) => metadata.name === 'owned' && metadata.ownerReferences?.length === 1);
    }),
  ],
};

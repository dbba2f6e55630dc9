import assert from 'node:assert/strict';
import type { Deployment } from '#core/objects.ts';
import { deployments } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { deployment, me, widget, widgets, type Widget } from '../contract-objects.ts';

export const subresources: ContractGroup = {
  name: 'status, scale and generation',
  cases: [
    contract('raises the generation with the spec only', async ({ api, namespace }) => {
      const key = { namespace, name: 'w' };
      const made = await api.create(widgets, widget(namespace, { size: 'xs' }), me);
      assert.equal(made.metadata.generation, 1);
      const labelled = await api.patch<Widget>(widgets, key, 'merge', { metadata: { labels: { a: 'b' } } }, me);
      assert.equal(labelled.metadata.generation, 1);
      const reported = await api.patch<Widget>(widgets, key, 'merge', { status: { phase: 'Up' } }, { ...me, subresource: 'status' });
      assert.equal(reported.metadata.generation, 1);
      const changed = await api.patch<Widget>(widgets, key, 'merge', { spec: { size: 's' } }, me);
      assert.equal(changed.metadata.generation, 2);
      assert.deepEqual(changed.status, { phase: 'Up' });
    }),
    contract('keeps spec and status apart', async ({ api, namespace }) => {
      const key = { namespace, name: 'w' };
      const made = await api.create(widgets, { ...widget(namespace, { size: 'xs' }), status: { phase: 'Claimed' } }, me);
      assert.equal(made.status, undefined);
      const main = await api.patch<Widget>(widgets, key, 'merge', { spec: { size: 's' }, status: { phase: 'Claimed' } }, me);
      assert.equal(main.status, undefined);
      const status = await api.patch<Widget>(
        widgets,
        key,
        'merge',
        { spec: { size: 'xs' }, status: { phase: 'Up' } },
        { ...me, subresource: 'status' },
      );
      assert.equal(status.spec['size'], 's');
      assert.deepEqual(status.status, { phase: 'Up' });
    }),
    contract('scales Deployments and custom resources that declare it', async ({ api, namespace }) => {
      await api.create(deployments, { ...deployment(namespace, 'd'), spec: { ...deployment(namespace, 'd').spec, paused: true } }, me);
      await api.patch(deployments, { namespace, name: 'd' }, 'merge', { spec: { replicas: 3 } }, { ...me, subresource: 'scale' });
      assert.equal((await api.get<Deployment>(deployments, { namespace, name: 'd' }))?.spec.replicas, 3);
      await api.create(widgets, widget(namespace, { size: 'xs', count: 1 }), me);
      const scale = await api.patch<Widget>(
        widgets,
        { namespace, name: 'w' },
        'merge',
        { spec: { replicas: 2 } },
        { ...me, subresource: 'scale' },
      );
      assert.deepEqual([scale.kind, scale.spec['replicas']], ['Scale', 2]);
      assert.equal((await api.get<Widget>(widgets, { namespace, name: 'w' }))?.spec['count'], 2);
    }),
  ],
};

import assert from 'node:assert/strict';
import type { ConfigMap, Deployment } from '#core/objects.ts';
import { configMaps, deployments } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, deployment, me, widget, widgets } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

export const patching: ContractGroup = {
  name: 'replacing and patching',
  cases: [
    contract('refuses a replace with an old resourceVersion', async ({ api, namespace }) => {
      const first = await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }), me);
      const second = await api.replace(configMaps, { ...first, data: { k: '2' } }, me);
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await fails(api.replace(configMaps, { ...first, data: { k: '3' } }, me), 409, 'Conflict', /the object has been modified/);
    }),
    contract('refuses a replace with another uid, and of something absent', async ({ api, namespace }) => {
      const made = await api.create(configMaps, configMap(namespace, 'a'), me);
      await fails(api.replace(configMaps, { ...made, metadata: { ...made.metadata, uid: 'another' } }, me), 409, 'Conflict');
      await fails(api.replace(configMaps, configMap(namespace, 'absent'), me), 404, 'NotFound');
    }),
    contract('changes no version when nothing changes', async ({ api, namespace }) => {
      const made = await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }), me);
      const same = await api.replace(configMaps, made, me);
      const patched = await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: '1' } }, me);
      assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
      assert.equal(patched.metadata.resourceVersion, made.metadata.resourceVersion);
    }),
    contract('merges, with null removing (RFC 7386)', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1', gone: 'x' } }), me);
      const patched = await api.patch<ConfigMap>(configMaps, { namespace, name: 'a' }, 'merge', { data: { gone: null, n: '2' } }, me);
      assert.deepEqual(patched.data, { k: '1', n: '2' });
    }),
    contract('runs JSON patches, all or nothing (RFC 6902)', async ({ api, namespace }) => {
      const key = { namespace, name: 'a' };
      const made = configMap(namespace, 'a', { data: { b: '1' } });
      await api.create(configMaps, { ...made, metadata: { ...made.metadata, annotations: { 'x.io/a': '1' } } }, me);
      const patch = [
        { op: 'test', path: '/metadata/annotations/x.io~1a', value: '1' },
        { op: 'add', path: '/data/c', value: '3' },
      ];
      const patched = await api.patch<ConfigMap>(configMaps, key, 'json', patch, me);
      assert.deepEqual(patched.data, { b: '1', c: '3' });
      const failing = [
        { op: 'remove', path: '/data/c' },
        { op: 'test', path: '/data/b', value: 'wrong' },
      ];
      await fails(api.patch(configMaps, key, 'json', failing, me), 422, 'Invalid');
      assert.deepEqual((await api.get<ConfigMap>(configMaps, key))?.data, { b: '1', c: '3' });
    }),
    contract('merges containers by name in a strategic patch, and deletes on request', async ({ api, namespace }) => {
      await api.create(deployments, deployment(namespace, 'd'), me);
      const containers = [
        { name: 'c', env: [{ name: 'A', value: '1' }] },
        { name: 'side', image: 'y' },
      ];
      const patched = await api.patch<Deployment>(
        deployments,
        { namespace, name: 'd' },
        'strategic',
        { spec: { template: { spec: { containers } } } },
        me,
      );
      assert.deepEqual(patched.spec.template.spec.containers.map(({ name, image }) => `${name} ${image ?? ''}`).sort(), [
        'c x:1',
        'side y',
      ]);
      const removal = { spec: { template: { spec: { containers: [{ name: 'side', $patch: 'delete' }] } } } };
      const removed = await api.patch<Deployment>(deployments, { namespace, name: 'd' }, 'strategic', removal, me);
      assert.deepEqual(
        removed.spec.template.spec.containers.map(({ name }) => name),
        ['c'],
      );
    }),
    contract('refuses a strategic patch of a custom resource', async ({ api, namespace }) => {
      await api.create(widgets, widget(namespace, { size: 'xs' }), me);
      await fails(api.patch(widgets, { namespace, name: 'w' }, 'strategic', { spec: { size: 's' } }, me), 415, 'UnsupportedMediaType');
    }),
  ],
};

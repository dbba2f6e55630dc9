import assert from 'node:assert/strict';
import { configMaps, namespaces, services } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me, widget, widgets } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

export const metadata: ContractGroup = {
  name: 'metadata',
  cases: [
    contract('refuses names that are none, in the words of the kind', async ({ api, namespace }) => {
      const refused = (name: string) => fails(api.create(configMaps, configMap(namespace, name), me), 422, 'Invalid', /metadata\.name/);
      await refused('UPPER');
      await refused('a..b');
      await refused('a'.repeat(254));
      const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'with.dot' } };
      await fails(api.create(namespaces, space, me), 422, 'Invalid', /metadata\.name/);
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'with.dot', namespace }, spec: { ports: [{ port: 80 }] } };
      await fails(api.create(services, service, me), 422, 'Invalid', /metadata\.name/);
      await fails(api.create(widgets, widget(namespace, { size: 'xs' }, 'Not_A_Name'), me), 422, 'Invalid', /metadata\.name/);
    }),
    contract('refuses an object without a name', async ({ api, namespace }) => {
      await fails(api.create(configMaps, configMap(namespace, ''), me), 422, 'Invalid', /name or generateName is required/);
    }),
    contract('refuses labels and annotations that are none', async ({ api, namespace }) => {
      const refused = (more: object) =>
        fails(api.create(configMaps, { ...configMap(namespace, 'a'), metadata: { name: 'a', namespace, ...more } }, me), 422, 'Invalid');
      await refused({ labels: { 'not a key': 'x' } });
      await refused({ labels: { key: 'not a value' } });
      await refused({ labels: { 'Not.A.Domain/x': 'y' } });
      await refused({ labels: { ['k'.repeat(64)]: 'x' } });
      await refused({ labels: { key: 'v'.repeat(64) } });
      await refused({ annotations: { 'not a key': 'x' } });
      await refused({ annotations: { big: 'x'.repeat(300_000) } });
    }),
    contract('refuses owners and finalizers that are none', async ({ api, namespace }) => {
      const refused = (more: object) =>
        fails(api.create(configMaps, { ...configMap(namespace, 'a'), metadata: { name: 'a', namespace, ...more } }, me), 422, 'Invalid');
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' };
      await refused({ ownerReferences: [{ ...owner, uid: '' }] });
      await refused({ ownerReferences: [{ ...owner, name: '' }] });
      await refused({ ownerReferences: [{ ...owner, apiVersion: '' }] });
      await refused({
        ownerReferences: [
          { ...owner, controller: true },
          { ...owner, uid: 'v', controller: true },
        ],
      });
      await refused({ finalizers: ['no slash and spaces'] });
    }),
    contract('refuses what names another object than its place', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a'), me);
      const key = { namespace, name: 'a' };
      await fails(api.patch(configMaps, key, 'merge', { metadata: { name: 'b' } }, me), 400, 'BadRequest');
      await fails(api.patch(configMaps, key, 'merge', { metadata: { namespace: 'other' } }, me), 400, 'BadRequest');
      await fails(api.patch(widgets, { namespace, name: 'absent' }, 'merge', { spec: {} }, me), 404, 'NotFound');
    }),
    contract('keeps what nobody may change: uid, time of creation, generation', async ({ api, namespace }) => {
      const made = await api.create(widgets, widget(namespace, { size: 'xs' }), me);
      const key = { namespace, name: 'w' };
      const patch = { metadata: { creationTimestamp: '2001-01-01T00:00:00Z', generation: 7, selfLink: '/x' } };
      const patched = await api.patch(widgets, key, 'merge', patch, me);
      assert.deepEqual(
        [patched.metadata.creationTimestamp, patched.metadata.generation],
        [made.metadata.creationTimestamp, made.metadata.generation],
      );
      await fails(
        api.patch(widgets, key, 'merge', { metadata: { uid: 'another' } }, me),
        422,
        'Invalid',
        /metadata\.uid: .* field is immutable/,
      );
    }),
    contract('drops and takes over nothing that a creator may not say', async ({ api, namespace }) => {
      const said = { uid: 'mine', creationTimestamp: '2001-01-01T00:00:00Z', generation: 9, deletionTimestamp: '2001-01-01T00:00:00Z' };
      const made = await api.create(configMaps, { ...configMap(namespace, 'a'), metadata: { name: 'a', namespace, ...said } }, me);
      assert.notEqual(made.metadata.uid, 'mine');
      assert.notEqual(made.metadata.creationTimestamp, said.creationTimestamp);
      assert.equal(made.metadata.deletionTimestamp, undefined);
      const numbered = { ...configMap(namespace, 'b'), metadata: { name: 'b', namespace, resourceVersion: '1' } };
      await fails(api.create(configMaps, numbered, me), 500, 'InternalError', /resourceVersion should not be set/);
    }),
  ],
};

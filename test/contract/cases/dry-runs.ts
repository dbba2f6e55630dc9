import assert from 'node:assert/strict';
import type { ConfigMap } from '#core/objects.ts';
import { configMaps } from '#kube/resources.ts';
import { contract, httpContract, type ContractGroup } from '../contract-case.ts';
import { configMap, me, widget, widgets, type Widget } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

const dry = { ...me, dryRun: true };

export const dryRuns: ContractGroup = {
  name: 'dry runs',
  cases: [
    contract('show what would become of it, and change nothing', async ({ api, namespace }) => {
      const key = { namespace, name: 'a' };
      const made = await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }), me);
      const patched = await api.patch<ConfigMap>(configMaps, key, 'merge', { data: { k: '2' } }, dry);
      assert.deepEqual(patched.data, { k: '2' });
      const replaced = await api.replace<ConfigMap>(configMaps, { ...made, data: { k: '3' } }, dry);
      assert.deepEqual(replaced.data, { k: '3' });
      const applied = await api.apply<ConfigMap>(configMaps, configMap(namespace, 'a', { data: { l: '4' } }), { ...dry, force: true });
      assert.deepEqual(applied.data, { k: '1', l: '4' });
      assert.deepEqual(await api.get(configMaps, key), made);
    }),
    contract('are checked like the real thing', async ({ api, namespace }) => {
      await fails(api.create(widgets, widget(namespace, { size: 'xxl' }), dry), 422, 'Invalid');
      await api.create(widgets, widget(namespace, { size: 'xs' }), me);
      await fails(api.create(widgets, widget(namespace, { size: 'xs' }), dry), 409, 'AlreadyExists');
      const shown = await api.patch<Widget>(widgets, { namespace, name: 'w' }, 'merge', { spec: { size: 's' } }, dry);
      assert.equal(shown.metadata.generation, 2);
    }),
    contract('apply creates nothing', async ({ api, namespace }) => {
      const shown = await api.apply<Widget>(widgets, widget(namespace, { size: 'xs' }), dry);
      assert.deepEqual(shown.spec, { size: 'xs', color: 'red' });
      assert.equal(await api.get(widgets, { namespace, name: 'w' }), undefined);
    }),
    httpContract('delete nothing', async ({ api, ask, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a'), me);
      const path = `/api/v1/namespaces/${namespace}/configmaps/a`;
      assert.equal((await ask({ method: 'DELETE', path: `${path}?dryRun=All` })).status, 200);
      assert.notEqual(await api.get(configMaps, { namespace, name: 'a' }), undefined);
    }),
  ],
};

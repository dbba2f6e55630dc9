import assert from 'node:assert/strict';
import { configMaps } from '#kube/resources.ts';
import { httpContract, type ContractGroup } from '../contract-case.ts';
import { configMap, me, widget, widgets } from '../contract-objects.ts';

export const warnings: ContractGroup = {
  name: 'warnings',
  cases: [
    httpContract('name what was dropped, once for each write', async ({ api, ask, namespace }) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const body = { ...configMap(namespace, 'a'), nonsense: 1, metadata: { namespace, name: 'a', nothing: 'x' } };
      const made = await ask({ method: 'POST', path, body });
      assert.deepEqual(made.warnings, ['unknown field "metadata.nothing"', 'unknown field "nonsense"']);
      const patched = await ask({ method: 'PATCH', path: `${path}/a`, contentType: 'application/merge-patch+json', body: { other: {} } });
      assert.deepEqual(patched.warnings, ['unknown field "other"']);
      const ignored = await ask({ method: 'PUT', path: `${path}/a?fieldValidation=Ignore`, body });
      assert.deepEqual([ignored.status, ignored.warnings], [200, []]);
      await api.remove(configMaps, { namespace, name: 'a' });
    }),
    httpContract('name what was dropped of a custom resource', async ({ ask, namespace }) => {
      const path = `/apis/contract.xtrinode.io/v1/namespaces/${namespace}/widgets`;
      const body = widget(namespace, { size: 'xs', nonsense: 1, parts: [{ name: 'a', other: 2 }] });
      assert.deepEqual((await ask({ method: 'POST', path, body })).warnings, [
        'unknown field "spec.nonsense"',
        'unknown field "spec.parts[0].other"',
      ]);
    }),
    httpContract('tell of finalizers without a domain, once', async ({ api, ask, namespace }) => {
      const path = `/apis/contract.xtrinode.io/v1/namespaces/${namespace}/widgets`;
      const plain = widget(namespace, { size: 'xs' });
      const made = await ask({ method: 'POST', path, body: { ...plain, metadata: { ...plain.metadata, finalizers: ['hold'] } } });
      assert.match(made.warnings.join(), /^metadata\.finalizers: "hold": prefer a domain-qualified finalizer name/);
      const change = { metadata: { labels: { a: 'b' } } };
      const changed = await ask({ method: 'PATCH', path: `${path}/w`, contentType: 'application/merge-patch+json', body: change });
      assert.deepEqual(changed.warnings, []);
      await api.patch(widgets, { namespace, name: 'w' }, 'merge', { metadata: { finalizers: null } }, me);
    }),
    httpContract('tell of a deprecated version with every request', async ({ api, ask, namespace }) => {
      await api.create(widgets, widget(namespace, { size: 'xs' }), me);
      const pathOf = (version: string): string => `/apis/contract.xtrinode.io/${version}/namespaces/${namespace}/widgets/w`;
      const told = async (version: string): Promise<readonly string[]> => (await ask({ path: pathOf(version) })).warnings;
      assert.deepEqual(await told('v1'), []);
      const advice = 'contract.xtrinode.io/v1beta1 Widget is deprecated; use contract.xtrinode.io/v1 Widget';
      assert.deepEqual(await told('v1beta1'), [advice]);
      assert.deepEqual(await told('v1alpha1'), ['use another one']);
      const body = { metadata: { labels: { a: 'b' } } };
      const changed = await ask({ method: 'PATCH', path: pathOf('v1beta1'), contentType: 'application/merge-patch+json', body });
      assert.deepEqual([changed.status, changed.warnings], [200, [advice]]);
    }),
  ],
};

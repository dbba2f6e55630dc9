import assert from 'node:assert/strict';
import type { ConfigMap, Deployment } from '#core/objects.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps, deployments } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, deployment, me } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

/** Nobody rolls it out, so nobody else writes it. */
async function makePaused(api: KubeApi, namespace: string): Promise<(podSpec: object, more?: object) => Promise<Deployment>> {
  const plain = deployment(namespace, 'd');
  const containers = ['a', 'b', 'c'].map((name) => ({ name, image: `${name}:1` }));
  const volumes = [{ name: 'v', emptyDir: {} }];
  const template = { ...plain.spec.template, spec: { containers, volumes } };
  await api.create(deployments, { ...plain, spec: { ...plain.spec, paused: true, replicas: 0, template } }, me);
  return (podSpec, more = {}) =>
    api.patch<Deployment>(deployments, { namespace, name: 'd' }, 'strategic', { spec: { ...more, template: { spec: podSpec } } }, me);
}

const namesOf = ({ spec }: Deployment): string => spec.template.spec.containers.map(({ name }) => name).join('');

export const strategic: ContractGroup = {
  name: 'strategic merge patches',
  cases: [
    contract('merge a list by its key, and put first what they name', async ({ api, namespace }) => {
      const patch = await makePaused(api, namespace);
      assert.equal(
        namesOf(
          await patch({
            containers: [
              { name: 'd', image: 'd:1' },
              { name: 'b', image: 'b:2' },
            ],
          }),
        ),
        'dabc',
      );
    }),
    contract('order a list by $setElementOrder', async ({ api, namespace }) => {
      const patch = await makePaused(api, namespace);
      const order = ['c', 'd', 'a'].map((name) => ({ name }));
      assert.equal(namesOf(await patch({ '$setElementOrder/containers': order, containers: [{ name: 'd', image: 'd:1' }] })), 'bcda');
      assert.equal(namesOf(await patch({ '$setElementOrder/containers': ['a', 'b', 'c', 'd'].map((name) => ({ name })) })), 'abcd');
    }),
    contract('delete an item, replace a list, replace a map', async ({ api, namespace }) => {
      const patch = await makePaused(api, namespace);
      assert.equal(namesOf(await patch({ containers: [{ $patch: 'delete', name: 'b' }] })), 'ac');
      assert.equal(namesOf(await patch({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z:1' }] })), 'z');
      const made = await patch({ nodeSelector: { one: '1', two: '2' } });
      const nodeSelector = (one: Deployment): unknown => (one.spec.template.spec as { readonly nodeSelector?: unknown }).nodeSelector;
      assert.deepEqual(nodeSelector(made), { one: '1', two: '2' });
      assert.deepEqual(nodeSelector(await patch({ nodeSelector: { $patch: 'replace', three: '3' } })), { three: '3' });
      assert.equal(nodeSelector(await patch({ nodeSelector: { $patch: 'delete' } })), undefined);
    }),
    contract('keep only what $retainKeys names', async ({ api, namespace }) => {
      const patch = await makePaused(api, namespace);
      const changed = await patch({ volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'x' } }] });
      assert.deepEqual(changed.spec.template.spec.volumes, [{ name: 'v', configMap: { name: 'x', defaultMode: 420 } }]);
      const recreated = await patch({}, { strategy: { $retainKeys: ['type'], type: 'Recreate' } });
      assert.deepEqual((recreated.spec as { readonly strategy?: unknown }).strategy, { type: 'Recreate' });
    }),
    contract('take single values out of a list', async ({ api, namespace }) => {
      const made = configMap(namespace, 'a');
      const finalizers = ['contract.xtrinode.io/one', 'contract.xtrinode.io/two'];
      await api.create<ConfigMap>(configMaps, { ...made, metadata: { ...made.metadata, finalizers } }, me);
      const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['contract.xtrinode.io/one'] } };
      const left = await api.patch(configMaps, { namespace, name: 'a' }, 'strategic', patch, me);
      assert.deepEqual(left.metadata.finalizers, ['contract.xtrinode.io/two']);
      await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { metadata: { finalizers: null } }, me);
    }),
    contract('refuse items without their key, and directives that there are not', async ({ api, namespace }) => {
      const patch = await makePaused(api, namespace);
      await fails(patch({ containers: [{ image: 'x' }] }), 500, 'InternalError', /does not contain declared merge key: name/);
      await patch({ nodeSelector: { one: '1' } });
      await fails(
        patch({ nodeSelector: { $patch: 'unheard' } }),
        500,
        'InternalError',
        /^unknown patch type: unheard in map: map\[\$patch:unheard\]$/,
      );
      await fails(
        patch({ $retainKeys: ['dnsPolicy'], restartPolicy: 'Always' }),
        400,
        'BadRequest',
        /^invalid patch format of retainKeys$/,
      );
      const order = { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b', image: 'b:2' }] };
      await fails(patch(order), 500, 'InternalError', /doesn't match \$setElementOrder list/);
    }),
  ],
};

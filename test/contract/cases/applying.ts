import assert from 'node:assert/strict';
import type { KubeObject } from '#core/objects.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, widget, widgets, type Widget } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

const applyWidget =
  (api: KubeApi) =>
  (object: Widget, fieldManager: string, force = false): Promise<Widget> =>
    api.apply(widgets, object, { fieldManager, force });

export const applying: ContractGroup = {
  name: 'server-side apply',
  cases: [
    contract('creates, and does nothing the second time', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      const first = await apply(widget(namespace, { size: 'xs' }), 'a');
      const second = await apply(widget(namespace, { size: 'xs' }), 'a');
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    }),
    contract('with a version that no object has, makes what is not there and leaves what is', async ({ api, namespace }) => {
      const ifAbsent = (value: string): KubeObject => {
        const { metadata, ...rest } = configMap(namespace, 'a', { data: { k: value } });
        return { ...rest, metadata: { ...metadata, resourceVersion: '1' } };
      };
      const made = await api.apply(configMaps, ifAbsent('v'), { fieldManager: 'a', force: true });
      for (const fieldManager of ['a', 'b'])
        await fails(api.apply(configMaps, ifAbsent('w'), { fieldManager, force: true }), 409, 'Conflict', /the object has been modified/);
      assert.deepEqual(await api.get(configMaps, { namespace, name: 'a' }), made);
    }),
    contract('changes nothing when a manager applies the bare name again', async ({ api, namespace }) => {
      const bare = configMap(namespace, 'bare');
      const first = await api.apply(configMaps, bare, { fieldManager: 'a' });
      const second = await api.apply(configMaps, bare, { fieldManager: 'a' });
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    }),
    contract('refuses to take over a field of another manager, and takes it with force', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      await apply(widget(namespace, { size: 'xs' }), 'a');
      const error = await fails(apply(widget(namespace, { size: 's' }), 'b'), 409, 'Conflict', /conflict with "a"/);
      assert.deepEqual(
        error.causes.map(({ field }) => field),
        ['.spec.size'],
      );
      assert.equal((await apply(widget(namespace, { size: 's' }), 'b', true)).spec['size'], 's');
      await fails(apply(widget(namespace, { size: 'xs' }), 'a'), 409, 'Conflict', /conflict with "b"/);
    }),
    contract('removes what its owner no longer applies, unless somebody else owns it too', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      await apply(widget(namespace, { size: 'xs', count: 1, code: 'abc' }), 'a');
      await apply(widget(namespace, { size: 'xs', count: 1 }), 'b');
      const left = await apply(widget(namespace, { size: 'xs' }), 'a');
      assert.deepEqual(left.spec, { size: 'xs', color: 'red', count: 1 });
    }),
    contract('merges keyed lists and sets item by item', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      await apply(widget(namespace, { size: 'xs', parts: [{ name: 'one', weight: 1 }], tags: ['t1'] }), 'a');
      const both = await apply(widget(namespace, { size: 'xs', parts: [{ name: 'two', weight: 2 }], tags: ['t2'] }), 'b');
      assert.deepEqual((both.spec['parts'] as { name: string }[]).map(({ name }) => name).sort(), ['one', 'two']);
      assert.deepEqual([...(both.spec['tags'] as string[])].sort(), ['t1', 't2']);
      const left = await apply(widget(namespace, { size: 'xs' }), 'a');
      assert.deepEqual([left.spec['parts'], left.spec['tags']], [[{ name: 'two', weight: 2 }], ['t2']]);
    }),
    contract('lets a plain update take ownership, so that applying another value then conflicts', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      await apply(widget(namespace, { size: 'xs' }), 'a');
      await api.patch(widgets, { namespace, name: 'w' }, 'merge', { spec: { size: 's' } }, { fieldManager: 'editor' });
      await fails(apply(widget(namespace, { size: 'xs' }), 'a'), 409, 'Conflict', /conflict with "editor"/);
    }),
    contract('applies status separately, and never creates by it', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      const report = { ...widget(namespace, {}), status: { phase: 'Up' } };
      await fails(api.apply(widgets, report, { fieldManager: 'c', subresource: 'status' }), 404, 'NotFound');
      await apply(widget(namespace, { size: 'xs' }), 'a');
      const done = await api.apply<Widget>(widgets, report, { fieldManager: 'c', subresource: 'status' });
      assert.deepEqual([done.status, done.spec['size']], [{ phase: 'Up' }, 'xs']);
    }),
    contract('records managers in managedFields in the form of Kubernetes', async ({ api, namespace }) => {
      const apply = applyWidget(api);
      const made = await apply(widget(namespace, { size: 'xs', parts: [{ name: 'one', weight: 1 }], tags: ['t'] }), 'a');
      const [entry] = made.metadata.managedFields as { manager: string; operation: string; fieldsType: string; fieldsV1: unknown }[];
      assert.deepEqual([entry?.manager, entry?.operation, entry?.fieldsType], ['a', 'Apply', 'FieldsV1']);
      assert.deepEqual(entry?.fieldsV1, {
        'f:spec': {
          'f:size': {},
          'f:parts': { 'k:{"name":"one"}': { '.': {}, 'f:name': {}, 'f:weight': {} } },
          'f:tags': { 'v:"t"': {} },
        },
      });
    }),
  ],
};

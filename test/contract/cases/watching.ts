import assert from 'node:assert/strict';
import type { ConfigMap } from '#core/objects.ts';
import type { WatchEvent } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me } from '../contract-objects.ts';
import { open } from '../expectations.ts';

export const watching: ContractGroup = {
  name: 'watching',
  cases: [
    contract('shows what exists when it starts from nothing, then each change', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', {}, { seen: 'yes' }), me);
      const watch = open(api, configMaps, { namespace, labelSelector: 'seen=yes' });
      assert.deepEqual(await watch.next(), ['ADDED', 'a']);
      await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: 'v' } }, me);
      assert.deepEqual(await watch.next(), ['MODIFIED', 'a']);
      await api.remove(configMaps, { namespace, name: 'a' });
      assert.deepEqual(await watch.next(), ['DELETED', 'a']);
      watch.stop();
    }),
    contract('goes on from a version, losing nothing in between', async ({ api, namespace }) => {
      const { metadata } = await api.list(configMaps, { namespace, labelSelector: 'seen' });
      await api.create(configMaps, configMap(namespace, 'a', {}, { seen: 'yes' }), me);
      await api.create(configMaps, configMap(namespace, 'b', {}, { seen: 'yes' }), me);
      const watch = open(api, configMaps, { namespace, labelSelector: 'seen', resourceVersion: metadata.resourceVersion });
      assert.deepEqual(
        [await watch.next(), await watch.next()],
        [
          ['ADDED', 'a'],
          ['ADDED', 'b'],
        ],
      );
      watch.stop();
    }),
    contract('shows an object that leaves the selection as deleted, and one that enters as added', async ({ api, namespace }) => {
      const key = { namespace, name: 'a' };
      await api.create(configMaps, configMap(namespace, 'a', {}, { on: 'yes' }), me);
      const watch = open(api, configMaps, { namespace, labelSelector: 'on=yes' });
      assert.deepEqual(await watch.next(), ['ADDED', 'a']);
      await api.patch(configMaps, key, 'merge', { metadata: { labels: { on: 'no' } } }, me);
      assert.deepEqual(await watch.next(), ['DELETED', 'a']);
      await api.patch(configMaps, key, 'merge', { metadata: { labels: { on: 'yes' } } }, me);
      assert.deepEqual(await watch.next(), ['ADDED', 'a']);
      watch.stop();
    }),
    contract('ends when its signal aborts', async ({ api, namespace }) => {
      const watch = open(api, configMaps, { namespace, labelSelector: 'never' });
      const next = watch.next();
      watch.stop();
      assert.equal(await next, undefined);
    }),
    contract('lists and watches metadata alone, as the kind that was asked for', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }, { head: 'yes' }), me);
      const where = { namespace, labelSelector: 'head', metadataOnly: true };
      const { items, metadata } = await api.list<ConfigMap>(configMaps, where);
      const ended = new AbortController();
      const from = { ...where, resourceVersion: metadata.resourceVersion };
      const watch = api.watch<ConfigMap>(configMaps, from, { signal: ended.signal });
      const events = watch[Symbol.asyncIterator]();
      const next = events.next();
      await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: 'w' } }, me);
      const event = (await next).value as WatchEvent<ConfigMap>;
      ended.abort();
      for (const object of [items[0], event.object]) {
        assert.deepEqual(Object.keys(object ?? {}).toSorted(), ['apiVersion', 'kind', 'metadata']);
        assert.deepEqual([(object as ConfigMap).apiVersion, (object as ConfigMap).kind], ['v1', 'ConfigMap']);
      }
      assert.equal(event.type, 'MODIFIED');
    }),
  ],
};

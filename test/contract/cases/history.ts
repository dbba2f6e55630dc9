import assert from 'node:assert/strict';
import type { ConfigMap, KubeObject } from '#core/objects.ts';
import type { KubeApi, Resource, WatchEvent } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { contract, httpContract, type ContractGroup, type RawAnswer } from '../contract-case.ts';
import { configMap, me, widgets } from '../contract-objects.ts';
import { fails, open } from '../expectations.ts';

async function makeNumbered(api: KubeApi, namespace: string): Promise<void> {
  for (const name of ['p0', 'p1', 'p2', 'p3'])
    await api.create(configMaps, configMap(namespace, name, { data: { at: 'first' } }, { paged: 'yes' }), me);
}

/** Tokens say of which version they are. */
function aged(token: string | undefined): string {
  const parts = JSON.parse(Buffer.from(token ?? '', 'base64url').toString()) as { readonly rv: number };
  return Buffer.from(JSON.stringify({ ...parts, rv: 2 })).toString('base64url');
}

async function firstEvent(
  api: KubeApi,
  resource: Resource,
  where: Parameters<KubeApi['watch']>[1],
): Promise<WatchEvent<KubeObject> | undefined> {
  for await (const event of api.watch(resource, where, { signal: new AbortController().signal })) return event;
  return undefined;
}

const namesIn = ({ body }: RawAnswer): readonly string[] =>
  (body as { readonly items: readonly KubeObject[] }).items.map(({ metadata }) => metadata.name);

export const history: ContractGroup = {
  name: 'versions of lists and watches',
  cases: [
    contract('later pages are of the version of the first', async ({ api, namespace }) => {
      await makeNumbered(api, namespace);
      const where = { namespace, labelSelector: 'paged', limit: 2 };
      const first = await api.list<ConfigMap>(configMaps, where);
      await api.remove(configMaps, { namespace, name: 'p2' });
      await api.patch(configMaps, { namespace, name: 'p3' }, 'merge', { data: { at: 'second' } }, me);
      await api.create(configMaps, configMap(namespace, 'p4', {}, { paged: 'yes' }), me);
      const second = await api.list<ConfigMap>(configMaps, { ...where, limit: 5, continue: first.metadata.continue ?? '' });
      assert.deepEqual(
        second.items.map(({ metadata, data }) => [metadata.name, data?.['at']]),
        [
          ['p2', 'first'],
          ['p3', 'first'],
        ],
      );
      assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.ok((second.metadata.continue ?? '') === '');
    }),
    httpContract('a list is of the version that is asked for', async ({ api, ask, namespace }) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps?labelSelector=paged`;
      await makeNumbered(api, namespace);
      const { metadata } = await api.list(configMaps, { namespace, labelSelector: 'paged' });
      await api.remove(configMaps, { namespace, name: 'p0' });
      assert.deepEqual(namesIn(await ask({ path: `${path}&resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact` })), [
        'p0',
        'p1',
        'p2',
        'p3',
      ]);
      assert.deepEqual(namesIn(await ask({ path: `${path}&resourceVersion=${metadata.resourceVersion}&limit=2` })), ['p0', 'p1']);
      assert.deepEqual(namesIn(await ask({ path: `${path}&resourceVersion=0` })), ['p1', 'p2', 'p3']);
    }),
    httpContract('versions that cannot be are refused', async ({ api, ask, namespace }) => {
      await makeNumbered(api, namespace);
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const { metadata } = await api.list(configMaps, { namespace, labelSelector: 'paged', limit: 1 });
      const refused = async (query: string, status: number): Promise<void> =>
        assert.equal((await ask({ path: `${path}?${query}` })).status, status, query);
      await refused('resourceVersionMatch=Exact', 422);
      await refused('watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan', 422);
      await refused('continue=nonsense', 400);
      await refused(`continue=${metadata.continue ?? ''}&resourceVersion=7`, 400);
      await refused('resourceVersion=99999999', 504);
    }),
    contract('a watch goes on after any event it has seen', async ({ api, namespace }) => {
      const selected = { namespace, labelSelector: 'paged' };
      const { metadata } = await api.list(configMaps, selected);
      await makeNumbered(api, namespace);
      await api.remove(configMaps, { namespace, name: 'p1' });
      const first = await firstEvent(api, configMaps, { ...selected, resourceVersion: metadata.resourceVersion });
      const watch = open(api, configMaps, { ...selected, resourceVersion: first?.object.metadata.resourceVersion ?? '' });
      const rest = [await watch.next(), await watch.next(), await watch.next(), await watch.next()];
      watch.stop();
      assert.deepEqual(
        rest.map((event) => event?.join(' ')),
        ['ADDED p1', 'ADDED p2', 'ADDED p3', 'DELETED p1'],
      );
    }),
    httpContract('a watch says where it is before it ends', async ({ api, ask, namespace }) => {
      await makeNumbered(api, namespace);
      const { metadata } = await api.list(configMaps, { namespace });
      const query = `watch=true&labelSelector=none&allowWatchBookmarks=true&timeoutSeconds=4&resourceVersion=${metadata.resourceVersion}`;
      let body: unknown = '';
      // a busy API server may come too late with it
      while (body === '') ({ body } = await ask({ path: `/api/v1/namespaces/${namespace}/configmaps?${query}` }));
      const [first] = [body].flat() as readonly { readonly type: string; readonly object: KubeObject }[];
      assert.deepEqual([first?.type, first?.object.kind], ['BOOKMARK', 'ConfigMap']);
      assert.ok(Number(first?.object.metadata.resourceVersion) >= Number(metadata.resourceVersion));
    }),
  ],
};

/** In a group of its own: others would miss what is forgotten. */
export const forgotten: ContractGroup = {
  name: 'what is too old',
  cases: [
    contract('a watch and a later page say that they are too old', async ({ api, forget, namespace }) => {
      await makeNumbered(api, namespace);
      const where = { namespace, labelSelector: 'paged', limit: 2 };
      const { metadata } = await api.list(configMaps, where);
      await forget();
      await fails(firstEvent(api, widgets, { namespace, resourceVersion: '1' }), 410, 'Expired', /too old resource version: 1/);
      await fails(api.list(configMaps, { ...where, continue: aged(metadata.continue) }), 410, 'Expired', /continue parameter is too old/);
    }),
  ],
};

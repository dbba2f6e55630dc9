import assert from 'node:assert/strict';
import { configMaps } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, me } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

export const listing: ContractGroup = {
  name: 'listing',
  cases: [
    contract('selects by labels and by fields', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', {}, { app: 'x', tier: 'one' }), me);
      await api.create(configMaps, configMap(namespace, 'b', {}, { app: 'y' }), me);
      const names = async (where: { labelSelector?: string; fieldSelector?: string }): Promise<string[]> =>
        (await api.list(configMaps, { namespace, ...where })).items
          .map(({ metadata }) => metadata.name)
          .filter((one) => one !== 'kube-root-ca.crt');
      assert.deepEqual(await names({ labelSelector: 'app=x' }), ['a']);
      assert.deepEqual(await names({ labelSelector: 'app in (x,y),!tier' }), ['b']);
      assert.deepEqual(await names({ labelSelector: 'app notin (x),app' }), ['b']);
      assert.deepEqual(await names({ fieldSelector: 'metadata.name=b' }), ['b']);
      await fails(api.list(configMaps, { namespace, labelSelector: 'app in x' }), 400, 'BadRequest');
    }),
    contract('pages with limit and continue without losing or repeating any', async ({ api, namespace }) => {
      const wanted = ['p0', 'p1', 'p2', 'p3', 'p4'];
      await Promise.all(wanted.map((one) => api.create(configMaps, configMap(namespace, one, {}, { paged: 'yes' }), me)));
      const seen: string[] = [];
      let next: string | undefined = '';
      while (next !== undefined) {
        const page: Awaited<ReturnType<typeof api.list>> = await api.list(configMaps, {
          namespace,
          labelSelector: 'paged',
          limit: 2,
          ...(next === '' ? {} : { continue: next }),
        });
        assert.ok(page.items.length <= 2);
        seen.push(...page.items.map(({ metadata }) => metadata.name));
        next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      }
      assert.deepEqual(seen, wanted);
    }),
  ],
};

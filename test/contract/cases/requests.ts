import assert from 'node:assert/strict';
import { configMaps } from '#kube/resources.ts';
import { httpContract, type ContractGroup, type HttpContext, type RawRequest } from '../contract-case.ts';
import { configMap, me, widget } from '../contract-objects.ts';

const refuser =
  ({ ask }: HttpContext) =>
  async (request: RawRequest, status: number): Promise<void> =>
    assert.equal((await ask(request)).status, status, `${request.method ?? 'GET'} ${request.path}`);

export const requests: ContractGroup = {
  name: 'requests and answers',
  cases: [
    httpContract('a deletion says what it did', async ({ api, ask, namespace }) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      await api.create(configMaps, configMap(namespace, 'a'), me);
      assert.equal((await ask({ method: 'DELETE', path: `${path}/a` })).status, 200);
      assert.equal((await ask({ method: 'DELETE', path: `${path}/a` })).status, 404);
      const held = configMap(namespace, 'held');
      await api.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['contract.xtrinode.io/hold'] } }, me);
      assert.equal((await ask({ method: 'DELETE', path: `${path}/held` })).status, 200);
      await api.patch(configMaps, { namespace, name: 'held' }, 'merge', { metadata: { finalizers: null } }, me);
    }),
    httpContract('a collection is deleted by selector, and shown', async ({ api, ask, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', {}, { gone: 'yes' }), me);
      await api.create(configMaps, configMap(namespace, 'b', {}, { gone: 'no' }), me);
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      assert.equal((await ask({ method: 'DELETE', path: `${path}?labelSelector=gone=yes` })).status, 200);
      const left = await api.list(configMaps, { namespace, labelSelector: 'gone' });
      assert.deepEqual(
        left.items.map(({ metadata }) => metadata.name),
        ['b'],
      );
    }),
    httpContract('options that there are not are refused, and nothing is done', async (context) => {
      const { api, namespace } = context;
      const refused = refuser(context);
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      await api.create(configMaps, configMap(namespace, 'a'), me);
      const body = configMap(namespace, 'b');
      await refused({ method: 'POST', path: `${path}?dryRun=Some`, body }, 422);
      await refused({ method: 'POST', path: `${path}?fieldValidation=Loose`, body }, 422);
      await refused({ method: 'POST', path: `${path}?fieldManager=${'x'.repeat(200)}`, body }, 422);
      const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Sideways' };
      await refused({ method: 'DELETE', path: `${path}/a`, body: options }, 422);
      assert.notEqual(await api.get(configMaps, { namespace, name: 'a' }), undefined);
      assert.equal(await api.get(configMaps, { namespace, name: 'b' }), undefined);
    }),
    httpContract('selectors that are none, or of fields that cannot be selected by, are refused', async (context) => {
      const refused = refuser(context);
      const path = `/api/v1/namespaces/${context.namespace}/configmaps`;
      await refused({ path: `${path}?fieldSelector=data.k=v` }, 400);
      await refused({ path: `${path}?fieldSelector=nonsense` }, 400);
      await refused({ path: `${path}?labelSelector=a%20b` }, 400);
      await refused({ path: `${path}?labelSelector=a=b=c` }, 400);
      await refused({ path: `/api/v1/namespaces/${context.namespace}/pods?fieldSelector=spec.hostname=v` }, 400);
      await refused({ path: `/api/v1/namespaces/${context.namespace}/pods?watch=true&fieldSelector=spec.hostname=v` }, 400);
      await refused({ path: `/apis/contract.xtrinode.io/v1/namespaces/${context.namespace}/widgets?fieldSelector=spec.size=xs` }, 400);
    }),
    httpContract('bodies and methods that do not fit are refused', async (context) => {
      const { namespace } = context;
      const refused = refuser(context);
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      await refused({ method: 'POST', path, body: configMap('other', 'a') }, 400);
      await refused({ method: 'POST', path, contentType: 'text/plain', body: configMap(namespace, 'a') }, 415);
      await refused({ method: 'PATCH', path: `${path}/a`, contentType: 'application/json', body: {} }, 415);
      await refused({ method: 'PUT', path: `${path}/a`, body: configMap(namespace, 'b') }, 400);
      await refused({ method: 'POST', path: `${path}/a`, body: configMap(namespace, 'a') }, 405);
      await refused({ method: 'PUT', path, body: configMap(namespace, 'a') }, 405);
    }),
    httpContract('an apply without its manager or its kind is refused, and one that creates says so', async ({ ask, namespace }) => {
      const path = `/apis/contract.xtrinode.io/v1/namespaces/${namespace}/widgets/w`;
      const contentType = 'application/apply-patch+yaml';
      const apply = async (query: string, body: unknown, status: number): Promise<void> =>
        assert.equal((await ask({ method: 'PATCH', path: `${path}${query}`, contentType, body })).status, status);
      const plain = widget(namespace, { size: 'xs' });
      const withMetadata = (more: object): object => ({ ...plain, metadata: { ...plain.metadata, ...more } });
      await apply('', plain, 422);
      await apply('?fieldManager=a', withMetadata({ managedFields: [{ manager: 'x' }] }), 400);
      await apply('?fieldManager=a', { spec: { size: 's' } }, 400);
      await apply('?fieldManager=a', plain, 201);
      await apply('?fieldManager=a', plain, 200);
      await apply('?fieldManager=a', withMetadata({ resourceVersion: '1' }), 409);
    }),
  ],
};

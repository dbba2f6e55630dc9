// What every KubeApi must do, whichever server is behind it: the same tests run on the embedded API in process, on it over
// HTTP, and on a real kube-apiserver. Each test works in a namespace of its own and waits by watching, never by sleeping.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ConfigMap, Deployment, KubeObject, Pod } from '#core/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeReason } from '#kube/errors.ts';
import type { KubeApi, Resource, WatchEvent } from '#kube/port.ts';
import { configMaps, customResourceDefinitions, deployments, namespaces, pods, secrets, services } from '#kube/resources.ts';

export interface ContractApi {
  readonly api: KubeApi;
  stop(): Promise<void>;
}

interface Widget extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

const widgets: Resource = { group: 'contract.xtrinode.io', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
const me = { fieldManager: 'contract' };

const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.contract.xtrinode.io' },
  spec: {
    group: 'contract.xtrinode.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'string', enum: ['xs', 's'] },
                  color: { type: 'string', default: 'red' },
                  count: { type: 'integer', minimum: 0, maximum: 9 },
                  most: { type: 'integer' },
                  code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
                  port: { 'x-kubernetes-int-or-string': true },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  fixed: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed cannot be changed' }] },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer' } } },
                  },
                  tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                },
                'x-kubernetes-validations': [
                  {
                    rule: '!has(self.count) || !has(self.most) || self.count <= self.most',
                    message: 'count must not exceed most',
                    fieldPath: '.count',
                  },
                ],
              },
              status: { type: 'object', properties: { phase: { type: 'string' }, count: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
} as unknown as KubeObject;

/** Registers the suite. `makeApi` is called once; its server may hold other objects already. */
export function describeKubeApi(name: string, makeApi: () => Promise<ContractApi>): void {
  describe(`KubeApi contract: ${name}`, () => {
    let contract: ContractApi;
    let api: KubeApi;
    let count = 0;

    before(async () => {
      contract = await makeApi();
      ({ api } = contract);
      await api.apply(customResourceDefinitions, widgetDefinition, { ...me, force: true });
      await until(api, customResourceDefinitions, undefined, (crd) => {
        const conditions = (crd as Widget).status?.['conditions'] as
          | readonly { readonly type: string; readonly status: string }[]
          | undefined;
        return (
          crd.metadata.name === 'widgets.contract.xtrinode.io' &&
          conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true
        );
      });
    });
    after(() => contract.stop());

    async function freshNamespace(): Promise<string> {
      count += 1;
      const made = await api.create(
        namespaces,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '', generateName: `contract-${count}-` } },
        me,
      );
      return made.metadata.name;
    }
    const configMap = (namespace: string, name: string, more: Partial<ConfigMap> = {}, labels?: Record<string, string>): ConfigMap => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
      ...more,
    });
    const widget = (namespace: string, spec: Widget['spec'], name = 'w'): Widget => ({
      apiVersion: 'contract.xtrinode.io/v1',
      kind: 'Widget',
      metadata: { name, namespace },
      spec,
    });

    describe('creating and reading', () => {
      it('gives a created object a uid, a time and a version, and finds it again', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }), me);
        assert.ok(
          made.metadata.uid !== undefined && made.metadata.creationTimestamp !== undefined && made.metadata.resourceVersion !== undefined,
        );
        assert.deepEqual(await api.get(configMaps, { namespace, name: 'a' }), made);
      });
      it('reads something absent as undefined', async () => {
        assert.equal(await api.get(configMaps, { namespace: await freshNamespace(), name: 'nope' }), undefined);
      });
      it('refuses the same name twice', async () => {
        const namespace = await freshNamespace();
        await api.create(configMaps, configMap(namespace, 'a'), me);
        await fails(api.create(configMaps, configMap(namespace, 'a'), me), 409, 'AlreadyExists', /configmaps "a" already exists/);
      });
      it('refuses an object in a namespace that does not exist', async () => {
        await fails(
          api.create(configMaps, configMap('no-such-namespace', 'a'), me),
          404,
          'NotFound',
          /namespaces "no-such-namespace" not found/,
        );
      });
      it('makes names from generateName', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(
          configMaps,
          { ...configMap(namespace, ''), metadata: { name: '', generateName: 'x-', namespace } },
          me,
        );
        assert.match(made.metadata.name, /^x-[a-z0-9]{5}$/);
      });
      it('refuses a name that is not a DNS name, naming the field', async () => {
        const error = await fails(
          api.create(configMaps, configMap(await freshNamespace(), 'Not_A_Name'), me),
          422,
          'Invalid',
          /metadata\.name: Invalid value: "Not_A_Name"/,
        );
        assert.equal(error.causes[0]?.field, 'metadata.name');
      });
      it('answers 404 for a resource that is not served', async () => {
        await fails(api.list({ ...widgets, plural: 'gadgets', kind: 'Gadget' }, {}), 404, 'NotFound');
      });
      it('stores nothing on a dry run', async () => {
        const namespace = await freshNamespace();
        const shown = await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }), { ...me, dryRun: true });
        assert.deepEqual(shown.data, { k: 'v' });
        assert.equal(await api.get(configMaps, { namespace, name: 'a' }), undefined);
      });
      it('keeps what stringData of a Secret says as base64 data', async () => {
        const namespace = await freshNamespace();
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace }, stringData: { a: 'b' } };
        const made = (await api.create(secrets, secret, me)) as typeof secret & { readonly data?: Record<string, string> };
        assert.deepEqual(made.data, { a: 'Yg==' });
      });
      it('refuses changing an immutable ConfigMap', async () => {
        const namespace = await freshNamespace();
        await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' }, immutable: true }), me);
        await fails(api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: 'w' } }, me), 422, 'Invalid', /immutable/);
      });
      it('fills in the defaults of Services and Deployments', async () => {
        const namespace = await freshNamespace();
        const service = await api.create(
          services,
          {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name: 's', namespace },
            spec: { clusterIP: 'None', ports: [{ port: 80 }] },
          } as KubeObject,
          me,
        );
        assert.equal((service as unknown as { spec: { type: string } }).spec.type, 'ClusterIP');
        const made = await api.create(deployments, deployment(namespace, 'd'), me);
        assert.equal(made.spec.replicas, 1);
        assert.equal(made.spec.template.spec.terminationGracePeriodSeconds, 30);
      });
    });

    describe('listing', () => {
      it('selects by labels and by fields', async () => {
        const namespace = await freshNamespace();
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
      });
      it('pages with limit and continue without losing or repeating any', async () => {
        const namespace = await freshNamespace();
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
      });
    });

    it('lists and watches metadata alone, as the kind that was asked for', async () => {
      const namespace = await freshNamespace();
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
    });

    describe('replacing and patching', () => {
      it('refuses a replace with an old resourceVersion', async () => {
        const namespace = await freshNamespace();
        const first = await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }), me);
        const second = await api.replace(configMaps, { ...first, data: { k: '2' } }, me);
        assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
        await fails(api.replace(configMaps, { ...first, data: { k: '3' } }, me), 409, 'Conflict', /the object has been modified/);
      });
      it('refuses a replace with another uid, and of something absent', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(configMaps, configMap(namespace, 'a'), me);
        await fails(api.replace(configMaps, { ...made, metadata: { ...made.metadata, uid: 'another' } }, me), 409, 'Conflict');
        await fails(api.replace(configMaps, configMap(namespace, 'absent'), me), 404, 'NotFound');
      });
      it('changes no version when nothing changes', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }), me);
        const same = await api.replace(configMaps, made, me);
        const patched = await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: '1' } }, me);
        assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
        assert.equal(patched.metadata.resourceVersion, made.metadata.resourceVersion);
      });
      it('merges, with null removing (RFC 7386)', async () => {
        const namespace = await freshNamespace();
        await api.create(configMaps, configMap(namespace, 'a', { data: { k: '1', gone: 'x' } }), me);
        const patched = await api.patch<ConfigMap>(configMaps, { namespace, name: 'a' }, 'merge', { data: { gone: null, n: '2' } }, me);
        assert.deepEqual(patched.data, { k: '1', n: '2' });
      });
      it('runs JSON patches, all or nothing (RFC 6902)', async () => {
        const namespace = await freshNamespace();
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
      });
      it('merges containers by name in a strategic patch, and deletes on request', async () => {
        const namespace = await freshNamespace();
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
      });
      it('refuses a strategic patch of a custom resource', async () => {
        const namespace = await freshNamespace();
        await api.create(widgets, widget(namespace, { size: 'xs' }), me);
        await fails(api.patch(widgets, { namespace, name: 'w' }, 'strategic', { spec: { size: 's' } }, me), 415, 'UnsupportedMediaType');
      });
    });

    describe('status, scale and generation', () => {
      it('raises the generation with the spec only', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'w' };
        const made = await api.create(widgets, widget(namespace, { size: 'xs' }), me);
        assert.equal(made.metadata.generation, 1);
        const labelled = await api.patch<Widget>(widgets, key, 'merge', { metadata: { labels: { a: 'b' } } }, me);
        assert.equal(labelled.metadata.generation, 1);
        const reported = await api.patch<Widget>(widgets, key, 'merge', { status: { phase: 'Up' } }, { ...me, subresource: 'status' });
        assert.equal(reported.metadata.generation, 1);
        const changed = await api.patch<Widget>(widgets, key, 'merge', { spec: { size: 's' } }, me);
        assert.equal(changed.metadata.generation, 2);
        assert.deepEqual(changed.status, { phase: 'Up' });
      });
      it('keeps spec and status apart', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'w' };
        const made = await api.create(widgets, { ...widget(namespace, { size: 'xs' }), status: { phase: 'Claimed' } }, me);
        assert.equal(made.status, undefined);
        const main = await api.patch<Widget>(widgets, key, 'merge', { spec: { size: 's' }, status: { phase: 'Claimed' } }, me);
        assert.equal(main.status, undefined);
        const status = await api.patch<Widget>(
          widgets,
          key,
          'merge',
          { spec: { size: 'xs' }, status: { phase: 'Up' } },
          { ...me, subresource: 'status' },
        );
        assert.equal(status.spec['size'], 's');
        assert.deepEqual(status.status, { phase: 'Up' });
      });
      it('scales Deployments and custom resources that declare it', async () => {
        const namespace = await freshNamespace();
        await api.create(deployments, { ...deployment(namespace, 'd'), spec: { ...deployment(namespace, 'd').spec, paused: true } }, me);
        await api.patch(deployments, { namespace, name: 'd' }, 'merge', { spec: { replicas: 3 } }, { ...me, subresource: 'scale' });
        assert.equal((await api.get<Deployment>(deployments, { namespace, name: 'd' }))?.spec.replicas, 3);
        await api.create(widgets, widget(namespace, { size: 'xs', count: 1 }), me);
        const scale = await api.patch<Widget>(
          widgets,
          { namespace, name: 'w' },
          'merge',
          { spec: { replicas: 2 } },
          { ...me, subresource: 'scale' },
        );
        assert.deepEqual([scale.kind, scale.spec['replicas']], ['Scale', 2]);
        assert.equal((await api.get<Widget>(widgets, { namespace, name: 'w' }))?.spec['count'], 2);
      });
    });

    describe('custom resources', () => {
      it('fills in defaults and drops unknown fields, keeping those it is told to keep', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(widgets, widget(namespace, { size: 'xs', nonsense: 1, free: { any: [1] }, port: 80 }), me);
        assert.deepEqual(made.spec, { size: 'xs', color: 'red', free: { any: [1] }, port: 80 });
      });
      it('refuses wrong values in the words of Kubernetes, one cause per field', async () => {
        const namespace = await freshNamespace();
        const refusal = (spec: Widget['spec'], message: RegExp) =>
          fails(api.create(widgets, widget(namespace, spec), me), 422, 'Invalid', message);
        const error = await refusal({ size: 'xxl' }, /spec\.size: Unsupported value: "xxl": supported values: "xs", "s"/);
        assert.deepEqual(
          error.causes.map(({ field }) => field),
          ['spec.size'],
        );
        await refusal({}, /spec\.size: Required value/);
        await refusal({ size: 'xs', count: 'two' }, /spec\.count: Invalid value: "string": spec\.count in body must be of type integer/);
        await refusal({ size: 'xs', count: 10 }, /spec\.count in body should be less than or equal to 9/);
        await refusal({ size: 'xs', code: 'A' }, /spec\.code in body should match/);
        await refusal({ size: 'xs', code: 'abcdef' }, /spec\.code: Too long/);
        await refusal({ size: 'xs', tags: ['a', 'a'] }, /spec\.tags\[1\]: Duplicate value: "a"/);
      });
      it('runs CEL rules, and transition rules only on change', async () => {
        const namespace = await freshNamespace();
        const error = await fails(
          api.create(widgets, widget(namespace, { size: 'xs', count: 3, most: 2 }), me),
          422,
          'Invalid',
          /count must not exceed most/,
        );
        assert.equal(error.causes[0]?.field, 'spec.count');
        await api.create(widgets, widget(namespace, { size: 'xs', fixed: 'a' }), me);
        await fails(
          api.patch(widgets, { namespace, name: 'w' }, 'merge', { spec: { fixed: 'b' } }, me),
          422,
          'Invalid',
          /fixed cannot be changed/,
        );
      });
    });

    describe('server-side apply', () => {
      const apply = (object: Widget, fieldManager: string, force = false): Promise<Widget> =>
        api.apply(widgets, object, { fieldManager, force });

      it('creates, and does nothing the second time', async () => {
        const namespace = await freshNamespace();
        const first = await apply(widget(namespace, { size: 'xs' }), 'a');
        const second = await apply(widget(namespace, { size: 'xs' }), 'a');
        assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
      });
      it('refuses to take over a field of another manager, and takes it with force', async () => {
        const namespace = await freshNamespace();
        await apply(widget(namespace, { size: 'xs' }), 'a');
        const error = await fails(apply(widget(namespace, { size: 's' }), 'b'), 409, 'Conflict', /conflict with "a"/);
        assert.deepEqual(
          error.causes.map(({ field }) => field),
          ['.spec.size'],
        );
        assert.equal((await apply(widget(namespace, { size: 's' }), 'b', true)).spec['size'], 's');
        await fails(apply(widget(namespace, { size: 'xs' }), 'a'), 409, 'Conflict', /conflict with "b"/);
      });
      it('removes what its owner no longer applies, unless somebody else owns it too', async () => {
        const namespace = await freshNamespace();
        await apply(widget(namespace, { size: 'xs', count: 1, code: 'abc' }), 'a');
        await apply(widget(namespace, { size: 'xs', count: 1 }), 'b');
        const left = await apply(widget(namespace, { size: 'xs' }), 'a');
        assert.deepEqual(left.spec, { size: 'xs', color: 'red', count: 1 });
      });
      it('merges keyed lists and sets item by item', async () => {
        const namespace = await freshNamespace();
        await apply(widget(namespace, { size: 'xs', parts: [{ name: 'one', weight: 1 }], tags: ['t1'] }), 'a');
        const both = await apply(widget(namespace, { size: 'xs', parts: [{ name: 'two', weight: 2 }], tags: ['t2'] }), 'b');
        assert.deepEqual((both.spec['parts'] as { name: string }[]).map(({ name }) => name).sort(), ['one', 'two']);
        assert.deepEqual([...(both.spec['tags'] as string[])].sort(), ['t1', 't2']);
        const left = await apply(widget(namespace, { size: 'xs' }), 'a');
        assert.deepEqual([left.spec['parts'], left.spec['tags']], [[{ name: 'two', weight: 2 }], ['t2']]);
      });
      it('lets a plain update take ownership, so that applying another value then conflicts', async () => {
        const namespace = await freshNamespace();
        await apply(widget(namespace, { size: 'xs' }), 'a');
        await api.patch(widgets, { namespace, name: 'w' }, 'merge', { spec: { size: 's' } }, { fieldManager: 'editor' });
        await fails(apply(widget(namespace, { size: 'xs' }), 'a'), 409, 'Conflict', /conflict with "editor"/);
      });
      it('applies status separately, and never creates by it', async () => {
        const namespace = await freshNamespace();
        const report = { ...widget(namespace, {}), status: { phase: 'Up' } };
        await fails(api.apply(widgets, report, { fieldManager: 'c', subresource: 'status' }), 404, 'NotFound');
        await apply(widget(namespace, { size: 'xs' }), 'a');
        const done = await api.apply<Widget>(widgets, report, { fieldManager: 'c', subresource: 'status' });
        assert.deepEqual([done.status, done.spec['size']], [{ phase: 'Up' }, 'xs']);
      });
      it('records managers in managedFields in the form of Kubernetes', async () => {
        const namespace = await freshNamespace();
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
      });
    });

    describe('deleting', () => {
      it('does not mind an absent object, and removes a present one', async () => {
        const namespace = await freshNamespace();
        await api.remove(configMaps, { namespace, name: 'absent' });
        await api.create(configMaps, configMap(namespace, 'a'), me);
        await api.remove(configMaps, { namespace, name: 'a' });
        assert.equal(await api.get(configMaps, { namespace, name: 'a' }), undefined);
      });
      it('refuses when uid or resourceVersion differ', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'a' };
        const made = await api.create(configMaps, configMap(namespace, 'a'), me);
        await fails(api.remove(configMaps, key, { uid: 'another' }), 409, 'Conflict');
        await fails(api.remove(configMaps, key, { resourceVersion: '1' }), 409, 'Conflict');
        await api.remove(configMaps, key, { uid: made.metadata.uid ?? '', resourceVersion: made.metadata.resourceVersion ?? '' });
      });
      it('waits for finalizers, and takes no new ones meanwhile', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'a' };
        const held = configMap(namespace, 'a');
        await api.create(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['contract.xtrinode.io/hold'] } }, me);
        await api.remove(configMaps, key);
        const marked = await api.get(configMaps, key);
        assert.ok(marked?.metadata.deletionTimestamp !== undefined);
        await fails(
          api.patch(configMaps, key, 'merge', { metadata: { finalizers: ['contract.xtrinode.io/hold', 'contract.xtrinode.io/new'] } }, me),
          422,
          'Invalid',
          /no new finalizers/,
        );
        await api.patch(configMaps, key, 'merge', { metadata: { finalizers: null } }, me);
        assert.equal(await api.get(configMaps, key), undefined);
      });
      it('gives a Pod on a node its grace, until the node deletes it with none', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'p' };
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'p', namespace },
          spec: { nodeName: 'elsewhere', containers: [{ name: 'c', image: 'x' }], terminationGracePeriodSeconds: 7 },
        };
        await api.create<Pod>(pods, pod, me);
        await api.remove(pods, key);
        assert.equal((await api.get(pods, key))?.metadata.deletionGracePeriodSeconds, 7);
        await api.remove(pods, key, { gracePeriodSeconds: 0 });
        assert.equal(await api.get(pods, key), undefined);
      });
      it('collects what an object owned', async () => {
        const namespace = await freshNamespace();
        const owner = await api.create(configMaps, configMap(namespace, 'owner'), me);
        const owned = configMap(namespace, 'owned');
        const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' }];
        const made = await api.create(configMaps, { ...owned, metadata: { ...owned.metadata, ownerReferences } }, me);
        await api.remove(configMaps, { namespace, name: 'owner' });
        await gone(api, configMaps, made);
      });
      it('empties a namespace before it goes', async () => {
        const namespace = await freshNamespace();
        const made = await api.create(configMaps, configMap(namespace, 'a'), me);
        const space = await api.get(namespaces, { name: namespace });
        await api.remove(namespaces, { name: namespace });
        await gone(api, configMaps, made);
        await gone(api, namespaces, space);
      });
    });

    describe('watching', () => {
      it('shows what exists when it starts from nothing, then each change', async () => {
        const namespace = await freshNamespace();
        await api.create(configMaps, configMap(namespace, 'a', {}, { seen: 'yes' }), me);
        const watch = open(api, configMaps, { namespace, labelSelector: 'seen=yes' });
        assert.deepEqual(await watch.next(), ['ADDED', 'a']);
        await api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: 'v' } }, me);
        assert.deepEqual(await watch.next(), ['MODIFIED', 'a']);
        await api.remove(configMaps, { namespace, name: 'a' });
        assert.deepEqual(await watch.next(), ['DELETED', 'a']);
        watch.stop();
      });
      it('goes on from a version, losing nothing in between', async () => {
        const namespace = await freshNamespace();
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
      });
      it('shows an object that leaves the selection as deleted, and one that enters as added', async () => {
        const namespace = await freshNamespace();
        const key = { namespace, name: 'a' };
        await api.create(configMaps, configMap(namespace, 'a', {}, { on: 'yes' }), me);
        const watch = open(api, configMaps, { namespace, labelSelector: 'on=yes' });
        assert.deepEqual(await watch.next(), ['ADDED', 'a']);
        await api.patch(configMaps, key, 'merge', { metadata: { labels: { on: 'no' } } }, me);
        assert.deepEqual(await watch.next(), ['DELETED', 'a']);
        await api.patch(configMaps, key, 'merge', { metadata: { labels: { on: 'yes' } } }, me);
        assert.deepEqual(await watch.next(), ['ADDED', 'a']);
        watch.stop();
      });
      it('ends when its signal aborts', async () => {
        const namespace = await freshNamespace();
        const watch = open(api, configMaps, { namespace, labelSelector: 'never' });
        const next = watch.next();
        watch.stop();
        assert.equal(await next, undefined);
      });
    });
  });
}

function deployment(namespace: string, name: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'x:1' }] } },
    },
  };
}

async function fails(work: Promise<unknown>, code: number, reason: KubeReason, message = /./) {
  try {
    await work;
  } catch (error) {
    assert.ok(isKubeError(error), `not a KubeError: ${String(error)}`);
    assert.deepEqual([error.code, error.reason], [code, reason], error.message);
    assert.match(error.message, message);
    return error;
  }
  throw new assert.AssertionError({ message: `expected ${code} ${reason}, but the call succeeded` });
}

interface OpenWatch {
  /** Type and name of the next event; undefined when the watch has ended. */
  next(): Promise<[string, string] | undefined>;
  stop(): void;
}

function open(api: KubeApi, resource: Resource, where: Parameters<KubeApi['watch']>[1]): OpenWatch {
  const ended = new AbortController();
  const events = api.watch(resource, where, { signal: ended.signal })[Symbol.asyncIterator]();
  return {
    async next() {
      const result: IteratorResult<WatchEvent<KubeObject>, unknown> = await events.next().catch((error: unknown) => {
        // A client may report the abort as an error or as the end.
        assert.ok(ended.signal.aborted, String(error));
        return { done: true, value: undefined };
      });
      if (result.done === true || result.value.type === 'BOOKMARK') {
        return undefined;
      }
      return [result.value.type, result.value.object.metadata.name];
    },
    stop: () => ended.abort(),
  };
}

/** Waits until some object fulfils the condition. */
async function until(
  api: KubeApi,
  resource: Resource,
  namespace: string | undefined,
  isReached: (object: KubeObject) => boolean,
): Promise<void> {
  const ended = new AbortController();
  for await (const event of api.watch(resource, namespace === undefined ? {} : { namespace }, { signal: ended.signal })) {
    if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && isReached(event.object)) {
      break;
    }
  }
  ended.abort();
}

/** Waits until exactly this object is deleted. */
async function gone(api: KubeApi, resource: Resource, object: KubeObject | undefined): Promise<void> {
  assert.ok(object !== undefined);
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const ended = new AbortController();
  const where = {
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: resourceVersion ?? '',
    ...(namespace === undefined ? {} : { namespace }),
  };
  for await (const event of api.watch(resource, where, { signal: ended.signal })) {
    if (event.type === 'DELETED' && event.object.metadata.uid === uid) {
      break;
    }
  }
  ended.abort();
}

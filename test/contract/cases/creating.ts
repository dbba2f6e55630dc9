import assert from 'node:assert/strict';
import type { KubeObject } from '#core/objects.ts';
import { configMaps, deployments, secrets, services } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { configMap, deployment, me, widgets } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

const generationOf = ({ metadata }: KubeObject): number | undefined => metadata.generation;

export const creating: ContractGroup = {
  name: 'creating and reading',
  cases: [
    contract('gives a created object a uid, a time and a version, and finds it again', async ({ api, namespace }) => {
      const made = await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }), me);
      assert.ok(
        made.metadata.uid !== undefined && made.metadata.creationTimestamp !== undefined && made.metadata.resourceVersion !== undefined,
      );
      assert.deepEqual(await api.get(configMaps, { namespace, name: 'a' }), made);
    }),
    contract('reads something absent as undefined', async ({ api, namespace }) => {
      assert.equal(await api.get(configMaps, { namespace: namespace, name: 'nope' }), undefined);
    }),
    contract('refuses the same name twice', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a'), me);
      await fails(api.create(configMaps, configMap(namespace, 'a'), me), 409, 'AlreadyExists', /configmaps "a" already exists/);
    }),
    contract('refuses an object in a namespace that does not exist', async ({ api }) => {
      await fails(
        api.create(configMaps, configMap('no-such-namespace', 'a'), me),
        404,
        'NotFound',
        /namespaces "no-such-namespace" not found/,
      );
    }),
    contract('writes quantities back in one form, however they were written', async ({ api, namespace }) => {
      const plain = deployment(namespace, 'a');
      const [container] = plain.spec.template.spec.containers;
      assert.ok(container !== undefined);
      const asWritten = { cpu: '1000m', memory: '1.5Gi', 'ephemeral-storage': '1500k' };
      const requests = { cpu: '0.5', memory: '1024Mi', 'ephemeral-storage': '1e3' };
      const written = { ...container, resources: { limits: asWritten, requests } };
      const template = { ...plain.spec.template, spec: { ...plain.spec.template.spec, containers: [written] } };
      const made = await api.create(deployments, { ...plain, spec: { ...plain.spec, template } }, me);
      const canonical = {
        limits: { cpu: '1', memory: '1536Mi', 'ephemeral-storage': '1500k' },
        requests: { cpu: '500m', memory: '1Gi', 'ephemeral-storage': '1e3' },
      };
      assert.deepEqual(made.spec.template.spec.containers[0]?.resources, canonical);
      const applied = { ...plain, metadata: { name: 'b', namespace }, spec: { ...plain.spec, template } };
      const first = await api.apply(deployments, applied, { ...me, force: true });
      assert.deepEqual(first.spec.template.spec.containers[0]?.resources, canonical);
      const again = await api.apply(deployments, applied, { ...me, force: true });
      assert.equal(generationOf(again), 1);
    }),
    contract('makes names from generateName', async ({ api, namespace }) => {
      const made = await api.create(configMaps, { ...configMap(namespace, ''), metadata: { name: '', generateName: 'x-', namespace } }, me);
      assert.match(made.metadata.name, /^x-[a-z0-9]{5}$/);
    }),
    contract('refuses a name that is not a DNS name, naming the field', async ({ api, namespace }) => {
      const error = await fails(
        api.create(configMaps, configMap(namespace, 'Not_A_Name'), me),
        422,
        'Invalid',
        /metadata\.name: Invalid value: "Not_A_Name"/,
      );
      assert.equal(error.causes[0]?.field, 'metadata.name');
    }),
    contract('answers 404 for a resource that is not served', async ({ api }) => {
      await fails(api.list({ ...widgets, plural: 'gadgets', kind: 'Gadget' }, {}), 404, 'NotFound');
    }),
    contract('stores nothing on a dry run', async ({ api, namespace }) => {
      const shown = await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }), { ...me, dryRun: true });
      assert.deepEqual(shown.data, { k: 'v' });
      assert.equal(await api.get(configMaps, { namespace, name: 'a' }), undefined);
    }),
    contract('keeps what stringData of a Secret says as base64 data', async ({ api, namespace }) => {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace }, stringData: { a: 'b' } };
      const made = (await api.create(secrets, secret, me)) as typeof secret & { readonly data?: Record<string, string> };
      assert.deepEqual(made.data, { a: 'Yg==' });
    }),
    contract('refuses changing an immutable ConfigMap', async ({ api, namespace }) => {
      await api.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' }, immutable: true }), me);
      await fails(api.patch(configMaps, { namespace, name: 'a' }, 'merge', { data: { k: 'w' } }, me), 422, 'Invalid', /immutable/);
    }),
    contract('fills in the defaults of Services and Deployments', async ({ api, namespace }) => {
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
    }),
  ],
};

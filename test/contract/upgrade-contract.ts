// What becomes of objects when our definitions change under them: those of an earlier release are replaced by today's, and
// today's by later ones and back. What users rely on: everything stays readable, writable and deletable.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { apiVersion, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { customResourceDefinitions, namespaces } from '#kube/resources.ts';
import { readDefinitions } from '#roles/bootstrap.ts';
import type { DefinedServer } from './definitions-contract.ts';
import { fails } from './expectations.ts';

const me = { fieldManager: 'test' } as const;
const namespace = 'upgrade';
const golden = join(import.meta.dirname, '..', 'golden', 'definitions-earlier');
const earlier = ['xtrinode', 'xtrinodecatalog'].map(
  (name) => JSON.parse(readFileSync(join(golden, `${name}.crd.json`), 'utf8')) as KubeObject,
);

interface Versioned {
  readonly spec: { readonly versions: readonly { schema: { openAPIV3Schema: { properties: { spec: { properties: object } } } } }[] };
}

/** Today's definitions with a field that a later release might add. */
function later(): readonly KubeObject[] {
  return readDefinitions().map((definition) => {
    const copy = structuredClone(definition) as KubeObject & Versioned;
    for (const version of copy.spec.versions)
      Object.assign(version.schema.openAPIV3Schema.properties.spec.properties, { later: { type: 'string', maxLength: 9 } });
    return copy;
  });
}

function aRuntime(name: string, spec: object): XTrinode {
  return { apiVersion, kind: 'XTrinode', metadata: { name, namespace }, spec } as XTrinode;
}

/** Whether a dry run finds the object right, as strictly as can be. */
async function isAccepted(api: KubeApi, object: XTrinode): Promise<boolean> {
  try {
    await api.create(xtrinodes, object, { ...me, dryRun: true, fieldValidation: 'Strict' });
    return true;
  } catch (error) {
    // NotFound while the API server takes up a new definition.
    if (!isKubeError(error, 'Invalid', 'BadRequest', 'NotFound')) throw error;
    return false;
  }
}

/** As `xtrinode crds | kubectl apply --server-side` does it. An API server judges by them a moment later. */
async function install(api: KubeApi, definitions: readonly KubeObject[], isInForce: () => Promise<boolean>): Promise<void> {
  for (const definition of definitions) await api.apply(customResourceDefinitions, definition, { ...me, force: true });
  while (!(await isInForce()));
}

/** Of today's definitions, a rule refuses the idle time and the schema the units. */
const settled = {
  size: 's',
  maxWorkers: 3,
  autoSuspendAfter: '9000h',
  routing: { capacityUnits: 2_000_000 },
  placement: { nodeSelector: { disk: 'fast' } },
};

const forever = aRuntime('probe', { size: 's', autoSuspendAfter: '9000h' });
const withLater = aRuntime('probe', { size: 's', later: 'on' });

export function describeUpgrade(name: string, open: () => Promise<DefinedServer>): void {
  describe(`upgrade of the definitions: ${name}`, () => {
    let server: DefinedServer;
    let api: KubeApi;
    const key = { namespace, name: 'settled' };
    const catalogKey = { namespace, name: 'settled' };
    before(async () => {
      server = await open();
      api = server.api;
      await api.apply<KubeObject>(
        namespaces,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        { ...me, force: true },
      );
      await install(api, earlier, () => isAccepted(api, forever));
      const spec = { ...settled, unheardOf: true };
      await api.create(xtrinodes, aRuntime(key.name, spec), me);
      const connector = { custom: { connectorName: 'mongodb', properties: { 'mongodb.connection-url': 'mongodb://me:pass@db/' } } };
      const metadata = { namespace, name: catalogKey.name };
      await api.create(xtrinodeCatalogs, { apiVersion, kind: 'XTrinodeCatalog', metadata, spec: { connector } }, me);
      await install(api, readDefinitions(), async () => !(await isAccepted(api, forever)));
    });
    after(async () => {
      // For whoever uses the same server next: today's definitions, and nothing of ours.
      await api.remove(xtrinodes, key);
      await api.remove(xtrinodeCatalogs, catalogKey);
      await server.stop();
    });

    it('objects of the earlier release read as they were written, also what is wrong by now', async () => {
      const runtime = await api.get<XTrinode>(xtrinodes, key);
      assert.deepEqual(runtime?.spec, {
        ...settled,
        version: '483',
        minWorkers: 0,
        suspended: false,
        wakePatience: '10m',
      });
      assert.equal(Object.keys((await api.get<XTrinodeCatalog>(xtrinodeCatalogs, catalogKey))?.spec.connector ?? {})[0], 'custom');
    });

    it('they can be changed: labels, spec, scale and status', async () => {
      await api.patch(xtrinodes, key, 'merge', { metadata: { labels: { team: 'a' } }, spec: { suspended: true } }, me);
      await api.patch(xtrinodes, key, 'merge', { spec: { replicas: 2 } }, { ...me, subresource: 'scale' });
      const status = { apiVersion, kind: 'XTrinode', metadata: { ...key }, status: { phase: 'Suspended' } };
      const written = await api.apply<KubeObject>(xtrinodes, status, { ...me, force: true, subresource: 'status' });
      const { spec, status: after } = written as XTrinode;
      assert.deepEqual([spec.suspended, spec.workers, after?.phase], [true, 2, 'Suspended']);
      await api.patch(xtrinodeCatalogs, catalogKey, 'merge', { spec: { labels: { team: 'a' } } }, me);
    });

    it('a value that is wrong by now may stay, and not be changed to another wrong one', async () => {
      const change = (autoSuspendAfter: string) => api.patch(xtrinodes, key, 'merge', { spec: { autoSuspendAfter } }, me);
      await fails(change('9001h'), 422, 'Invalid', /spec\.autoSuspendAfter: Invalid value: "9001h": must be a duration from 1s to 8760h/);
      const more = api.patch(xtrinodes, key, 'merge', { spec: { routing: { capacityUnits: 3_000_000 } } }, me);
      await fails(more, 422, 'Invalid', /spec\.routing\.capacityUnits in body should be less than or equal to 1000000/);
      const cut = { connector: { custom: { properties: { 'mongodb.connection-url': 'mongodb://you:pass@db/' } } } };
      await fails(api.patch(xtrinodeCatalogs, catalogKey, 'merge', { spec: cut }, me), 422, 'Invalid', /has a password in its URL/);
      await change('5m');
    });

    it('a field that only a later release knows is gone after the way back, and the object goes on', async () => {
      await install(api, later(), () => isAccepted(api, withLater));
      const made = { namespace, name: 'of-later' };
      await api.create(xtrinodes, aRuntime(made.name, withLater.spec), me);
      await install(api, readDefinitions(), async () => !(await isAccepted(api, withLater)));
      await api.patch(xtrinodes, made, 'merge', { spec: { maxWorkers: 1 } }, me);
      const { spec } = (await api.get<XTrinode>(xtrinodes, made)) as XTrinode & { readonly spec: { readonly later?: string } };
      assert.deepEqual([spec.size, spec.maxWorkers, spec.later], ['s', 1, undefined]);
      await api.remove(xtrinodes, made);
    });

    it('they can be deleted', async () => {
      await api.remove(xtrinodes, key);
      await api.remove(xtrinodeCatalogs, catalogKey);
      assert.equal(await api.get(xtrinodes, key), undefined);
    });
  });
}

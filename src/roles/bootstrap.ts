// What must be in a fresh API before anything else: namespaces, our CRDs; for `up` also admission and the quickstart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '#core/objects.ts';
import { validateXTrinode, validateXTrinodeCatalog } from '#admission/xtrinode.ts';
import { annotationPrefix, gatewayNamespace, systemNamespace, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { EmbeddedApi } from '#embedded/embedded-api.ts';
import { customResourceDefinitions, namespaces } from '#kube/resources.ts';
import type { KubeApi } from '#kube/port.ts';

const root = join(import.meta.dirname, '..', '..');
const fieldManager = 'xtrinode-up';

function readGenerated(name: string): KubeObject {
  return JSON.parse(readFileSync(join(root, 'src', 'apis', 'generated', name), 'utf8')) as KubeObject;
}

/** Our custom resource definitions, as they are installed into any cluster. */
export function readDefinitions(): readonly KubeObject[] {
  return ['xtrinode.crd.json', 'xtrinodecatalog.crd.json'].map(readGenerated);
}

export async function bootstrap({ api, registerAdmission }: EmbeddedApi): Promise<void> {
  registerAdmission(xtrinodes, { validate: validateXTrinode });
  registerAdmission(xtrinodeCatalogs, { validate: validateXTrinodeCatalog });
  await applyDefinitions(api);
}

/** Our namespaces and custom resource definitions, on any API server. */
export async function applyDefinitions(api: KubeApi): Promise<void> {
  for (const name of [systemNamespace, gatewayNamespace]) {
    await api.apply<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager, force: true });
  }
  for (const definition of readDefinitions()) await api.apply(customResourceDefinitions, definition, { fieldManager, force: true });
}

/** The runtimes of the example run the Trino that is here, which `--trino-home` decides. */
function withVersion(object: KubeObject, trinoVersion: string): KubeObject {
  if (object.kind !== xtrinodes.kind) return object;
  const { spec } = object as KubeObject & { readonly spec: object };
  return { ...object, spec: { ...spec, version: trinoVersion } } as KubeObject;
}

/** On our namespace: the example was made once in this home, and belongs to the user since. */
const quickstartMark = `${annotationPrefix}quickstart`;

/** Creates the example, once per home: what a user has changed stays changed, what was deleted stays deleted. */
export async function applyQuickstart(api: KubeApi, trinoVersion: string): Promise<void> {
  const system = { name: systemNamespace };
  if ((await api.get(namespaces, system))?.metadata.annotations?.[quickstartMark] !== undefined) return;
  const kinds = { XTrinode: xtrinodes, XTrinodeCatalog: xtrinodeCatalogs } as const;
  for (const object of loadAll(readFileSync(join(root, 'examples', 'quickstart.yaml'), 'utf8')) as KubeObject[]) {
    const resource = kinds[object.kind as keyof typeof kinds];
    const { name, namespace = 'default' } = object.metadata;
    if ((await api.get(resource, { namespace, name })) !== undefined) continue;
    await api.apply(resource, { ...withVersion(object, trinoVersion), metadata: { ...object.metadata, namespace } }, { fieldManager });
  }
  await api.patch(namespaces, system, 'merge', { metadata: { annotations: { [quickstartMark]: 'made' } } }, { fieldManager });
}

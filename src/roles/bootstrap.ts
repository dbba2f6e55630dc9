// What must be in a fresh embedded API before anything else: namespaces, our CRDs, admission, the quickstart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '#core/objects.ts';
import { validateXTrinode, validateXTrinodeCatalog } from '#admission/xtrinode.ts';
import { gatewayNamespace, systemNamespace, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { EmbeddedApi } from '#embedded/embedded-api.ts';
import { customResourceDefinitions, namespaces } from '#kube/resources.ts';
import type { KubeApi } from '#kube/port.ts';

const root = join(import.meta.dirname, '..', '..');
const fieldManager = 'xtrinode-up';

function readGenerated(name: string): KubeObject {
  return JSON.parse(readFileSync(join(root, 'src', 'apis', 'generated', name), 'utf8')) as KubeObject;
}

export async function bootstrap({ api, registerAdmission }: EmbeddedApi): Promise<void> {
  registerAdmission(xtrinodes, { validate: validateXTrinode });
  registerAdmission(xtrinodeCatalogs, { validate: validateXTrinodeCatalog });
  for (const name of [systemNamespace, gatewayNamespace]) {
    await api.apply<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager, force: true });
  }
  for (const name of ['xtrinode.crd.json', 'xtrinodecatalog.crd.json']) {
    await api.apply(customResourceDefinitions, readGenerated(name), { fieldManager, force: true });
  }
}

/** Creates the objects of the example that are not there; what a user has changed or kept stays as it is. */
export async function applyQuickstart(api: KubeApi): Promise<void> {
  const kinds = { XTrinode: xtrinodes, XTrinodeCatalog: xtrinodeCatalogs } as const;
  for (const object of loadAll(readFileSync(join(root, 'examples', 'quickstart.yaml'), 'utf8')) as KubeObject[]) {
    const resource = kinds[object.kind as keyof typeof kinds];
    const { name, namespace = 'default' } = object.metadata;
    if ((await api.get(resource, { namespace, name })) !== undefined) continue;
    await api.apply(resource, { ...object, metadata: { ...object.metadata, namespace } }, { fieldManager });
  }
}

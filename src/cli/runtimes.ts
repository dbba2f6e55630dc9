// Reading runtimes for the verbs, with the errors a user expects.
import type { XTrinode } from '#apis/v1/objects.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import type { KubeApi } from '#kube/port.ts';
import { CliError } from './io.ts';

export interface RuntimeKey {
  readonly namespace: string;
  readonly name: string;
}

/** Throws CliError when there is none, naming those that are there. */
export async function readRuntime(api: KubeApi, key: RuntimeKey): Promise<XTrinode> {
  const runtime = await api.get<XTrinode>(xtrinodes, key);
  if (runtime !== undefined) return runtime;
  throw await noSuchRuntime(api, key);
}

export async function noSuchRuntime(api: KubeApi, { namespace, name }: RuntimeKey): Promise<CliError> {
  const { items } = await api.list<XTrinode>(xtrinodes, { limit: 500 });
  return new CliError(`no runtime "${name}" in namespace ${namespace}${hint(items, name, namespace)}`);
}

function hint(items: readonly XTrinode[], name: string, namespace: string): string {
  const elsewhere = items.filter((one) => one.metadata.name === name).map((one) => one.metadata.namespace ?? '');
  if (elsewhere.length > 0) return `; there is one in ${elsewhere.join(', ')} (-n)`;
  const here = items.filter((one) => one.metadata.namespace === namespace).map((one) => one.metadata.name);
  return here.length === 0 ? '' : `; there are: ${here.toSorted().slice(0, 10).join(', ')}`;
}

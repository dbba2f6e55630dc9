// From manifest text to objects that can be applied, with every complaint naming file and document. Pure.
import type { KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { Resource } from '#kube/port.ts';
import * as builtIn from '#kube/resources.ts';
import { CliError } from './io.ts';
import { isYamlError, readYamlDocuments } from './kubernetes-yaml.ts';

export interface Manifest {
  readonly object: KubeObject;
  readonly resource: Resource;
  /** For messages: 'runtime.yaml' or 'runtime.yaml, document 2'. */
  readonly source: string;
}

const known: readonly Resource[] = [
  xtrinodes,
  xtrinodeCatalogs,
  ...Object.values(builtIn).filter((value): value is Resource => typeof value === 'object'),
];

/** Throws CliError for the first document that cannot be applied, so that nothing of a broken file is. */
export function parseManifests(text: string, file: string): readonly Manifest[] {
  const documents = readDocuments(text, file);
  const label = (index: number): string => (documents.length === 1 ? file : `${file}, document ${index + 1}`);
  return documents.flatMap((document, index) => flatten(document, label(index)).map((object) => toManifest(object, label(index))));
}

function readDocuments(text: string, file: string): readonly unknown[] {
  try {
    return readYamlDocuments(text);
  } catch (error) {
    if (!isYamlError(error)) throw error;
    throw new CliError(`${file} is not valid YAML: ${error.message}`, 1, error);
  }
}

/** `kind: List` stands for its items. */
function flatten(document: unknown, source: string): readonly unknown[] {
  if (!isFields(document) || document['kind'] !== 'List') return [document];
  const items: unknown = document['items'];
  if (!Array.isArray(items)) throw new CliError(`${source}: a List without items`);
  return items as readonly unknown[];
}

function toManifest(value: unknown, source: string): Manifest {
  if (!isFields(value)) throw new CliError(`${source}: expected an object with apiVersion, kind and metadata`);
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new CliError(`${source}: apiVersion and kind must be set`);
  const resource = known.find((one) => one.kind === kind && builtIn.apiVersionOf(one) === apiVersion);
  if (resource === undefined) {
    const same = known.find((one) => one.kind === kind);
    const hint = same === undefined ? 'kubectl apply can' : `did you mean apiVersion: ${builtIn.apiVersionOf(same)}?`;
    throw new CliError(`${source}: xtrinode cannot apply ${kind} of ${apiVersion}; ${hint}`);
  }
  if (!isFields(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') {
    throw new CliError(
      `${source}: metadata.name must be a string; ${kind} has ${JSON.stringify(isFields(metadata) ? metadata['name'] : metadata) ?? 'none'}`,
    );
  }
  return { object: value as unknown as KubeObject, resource, source };
}

/** The object in the namespace it belongs to. Throws CliError when -n contradicts the manifest. */
export function inNamespace(manifest: Manifest, namespace: string, isExplicit: boolean): KubeObject {
  const { object, resource, source } = manifest;
  if (!resource.namespaced) return object;
  const own = object.metadata.namespace;
  if (own === undefined || own === '') return { ...object, metadata: { ...object.metadata, namespace } };
  if (isExplicit && own !== namespace) {
    throw new CliError(`${source}: ${resource.kind} ${object.metadata.name} belongs to namespace ${own}, but -n says ${namespace}`);
  }
  return object;
}

/** As kubectl names things: xtrinode.analytics.xtrinode.io/sales, configmap/routes. */
export function displayName(resource: Resource, name: string): string {
  const kind = resource.kind.toLowerCase();
  return `${resource.group === '' ? kind : `${kind}.${resource.group}`}/${name}`;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

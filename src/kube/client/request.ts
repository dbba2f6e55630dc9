// Kubernetes requests as data: which path, query, body and content type a verb of the port becomes. Pure.
import type { KubeObject } from '#core/objects.ts';
import type {
  ApplyOptions,
  ListOptions,
  LogOptions,
  ObjectKey,
  PatchOptions,
  PatchType,
  RemoveOptions,
  Resource,
  WatchOptions,
  Where,
  WriteOptions,
} from '../port.ts';
import { pods } from '../resources.ts';
import type { HttpCall } from './transport.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const patchTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

function pathOf(
  resource: Resource,
  key: { readonly namespace?: string | undefined; readonly name?: string },
  subresource?: string,
): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const inNamespace = resource.namespaced && key.namespace !== undefined ? `/namespaces/${encodeURIComponent(key.namespace)}` : '';
  const name = key.name === undefined ? '' : `/${encodeURIComponent(key.name)}`;
  return `${root}/${resource.version}${inNamespace}/${resource.plural}${name}${subresource === undefined ? '' : `/${subresource}`}`;
}

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') parameters.set(name, String(value));
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

function writeQuery(options: WriteOptions): Query {
  return {
    fieldManager: options.fieldManager,
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldValidation: options.fieldValidation,
  };
}

export function getRequest(resource: Resource, key: ObjectKey): HttpCall {
  return { method: 'GET', path: pathOf(resource, key), resource };
}

/** Kubernetes API concepts, "Metadata-only fetches". */
function acceptOf(where: Where, kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): { readonly accept?: string } {
  return where.metadataOnly === true ? { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` } : {};
}

export function listRequest(resource: Resource, where: ListOptions): HttpCall {
  const { namespace, labelSelector, fieldSelector, limit } = where;
  const path = withQuery(pathOf(resource, { namespace }), { labelSelector, fieldSelector, limit, continue: where.continue });
  return { method: 'GET', resource, path, ...acceptOf(where, 'PartialObjectMetadataList') };
}

export function watchRequest(resource: Resource, where: WatchOptions, timeoutSeconds: number): HttpCall {
  const { namespace, labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks } = where;
  const query = { watch: true, labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks, timeoutSeconds };
  const path = withQuery(pathOf(resource, { namespace }), query);
  return { method: 'GET', resource, path, ...acceptOf(where, 'PartialObjectMetadata') };
}

export function createRequest(resource: Resource, object: KubeObject, options: WriteOptions): HttpCall {
  const path = pathOf(resource, { namespace: object.metadata.namespace });
  return {
    method: 'POST',
    resource,
    path: withQuery(path, writeQuery(options)),
    body: JSON.stringify(object),
    contentType: 'application/json',
  };
}

export function replaceRequest(resource: Resource, object: KubeObject, options: PatchOptions): HttpCall {
  const path = pathOf(resource, object.metadata, options.subresource);
  return {
    method: 'PUT',
    resource,
    path: withQuery(path, writeQuery(options)),
    body: JSON.stringify(object),
    contentType: 'application/json',
  };
}

export function patchRequest(resource: Resource, key: ObjectKey, type: PatchType, patch: unknown, options: PatchOptions): HttpCall {
  const path = pathOf(resource, key, options.subresource);
  return {
    method: 'PATCH',
    resource,
    path: withQuery(path, writeQuery(options)),
    body: JSON.stringify(patch),
    contentType: patchTypes[type],
  };
}

/** JSON is YAML, and older servers know only the +yaml content type for applying. */
export function applyRequest(resource: Resource, object: KubeObject, options: ApplyOptions): HttpCall {
  const path = pathOf(resource, object.metadata, options.subresource);
  const query = { ...writeQuery(options), force: options.force === true ? true : undefined };
  return {
    method: 'PATCH',
    resource,
    path: withQuery(path, query),
    body: JSON.stringify(object),
    contentType: 'application/apply-patch+yaml',
  };
}

export function removeRequest(resource: Resource, key: ObjectKey, options: RemoveOptions): HttpCall {
  const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = options;
  const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds });
  return { method: 'DELETE', resource, path: pathOf(resource, key), body, contentType: 'application/json' };
}

export function logRequest(key: ObjectKey, options: LogOptions): HttpCall {
  const { container, follow, previous, tailLines, sinceSeconds, timestamps } = options;
  return {
    method: 'GET',
    resource: pods,
    path: withQuery(pathOf(pods, key, 'log'), { container, follow, previous, tailLines, sinceSeconds, timestamps }),
  };
}

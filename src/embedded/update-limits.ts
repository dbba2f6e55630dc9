// What a write may not change, whoever writes: identity, preconditions, the part of the object that belongs to another
// subresource. Pure.
import { asArray, asObject, asText, copyJson, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { badRequest, conflict, invalid, noSuchResource } from './refusals.ts';
import type { Served } from './registry.ts';

export type Subresource = 'status' | 'scale';

export function checkSubresource({ version }: Served, subresource: Subresource | undefined): void {
  if ((subresource === 'status' && !version.hasStatus) || (subresource === 'scale' && version.scale === undefined)) {
    throw noSuchResource();
  }
}

export function checkIdentity(object: JsonObject, namespace: string | undefined, name: string, { type }: Served): void {
  const metadata = asObject(object['metadata']);
  const named = asText(metadata['name']);
  if (named !== '' && named !== name) {
    throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
  const space = asText(metadata['namespace']);
  if (type.namespaced && space !== '' && space !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

export function checkPreconditions({ type }: Served, name: string, wanted: JsonObject, current: JsonObject): void {
  if (asText(wanted['uid']) !== '' && wanted['uid'] !== current['uid']) {
    const why = `Precondition failed: UID in precondition: ${asText(wanted['uid'])}, UID in object meta: ${asText(current['uid'])}`;
    // the words of the storage, as a real API server lets them through
    const key = ['/registry', ...(type.isCustom ? [type.group] : []), type.plural, asText(current['namespace']), name];
    const path = key.filter((part) => part !== '').join('/');
    throw conflict(type, name, `StorageError: invalid object, Code: 4, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`);
  }
  if (asText(wanted['resourceVersion']) !== '' && wanted['resourceVersion'] !== current['resourceVersion']) {
    throw conflict(type, name);
  }
}

const KEPT_METADATA = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
];

/** What Go leaves out when nothing is in it. */
export function dropEmpty(metadata: JsonObject): void {
  for (const field of ['labels', 'annotations', 'ownerReferences', 'finalizers']) {
    const value = metadata[field];
    if (value === null || (Array.isArray(value) && value.length === 0) || (isJsonObject(value) && Object.keys(value).length === 0)) {
      delete metadata[field];
    }
  }
}

/** The candidate with everything put back that this (sub)resource may not change. A changeable copy. */
export function restrict(
  { type, version }: Served,
  candidate: JsonObject,
  current: JsonObject,
  subresource: Subresource | undefined,
): JsonObject {
  const before = asObject(current['metadata']);
  if (subresource === 'status') {
    const { status: _status, ...rest } = current;
    const { managedFields } = asObject(candidate['metadata']);
    const metadata = { ...before, ...(managedFields === undefined ? {} : { managedFields }) };
    return copyJson({ ...rest, metadata, ...(candidate['status'] === undefined ? {} : { status: candidate['status'] }) });
  }
  const { selfLink: _selfLink, ...metadata } = asObject(candidate['metadata']);
  metadata['managedFields'] ??= before['managedFields'];
  for (const field of KEPT_METADATA) {
    if (before[field] === undefined) {
      delete metadata[field];
    } else {
      metadata[field] = before[field];
    }
  }
  dropEmpty(metadata);
  if (before['deletionTimestamp'] !== undefined) {
    const kept = new Set(asArray(before['finalizers']));
    const added = asArray(metadata['finalizers']).filter((one) => !kept.has(one));
    if (added.length > 0) {
      const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(', ')}}`;
      throw invalid(type, asText(before['name']), [{ reason: 'FieldValueForbidden', field: 'metadata.finalizers', message }]);
    }
  }
  const { status: _status, ...rest } = candidate;
  const status = version.hasStatus ? current['status'] : candidate['status'];
  return copyJson({ ...rest, metadata, ...(status === undefined ? {} : { status }) });
}

/** What counts for the generation: everything but metadata, and status where that has its own subresource. */
export function specLike({ version }: Served, object: JsonObject): JsonObject {
  const { metadata: _metadata, apiVersion: _apiVersion, ...content } = object;
  return version.hasStatus ? withoutStatus(content) : content;
}

export function withoutStatus(object: JsonObject): JsonObject {
  const { status: _status, ...rest } = object;
  return rest;
}

export function onlyStatus({ apiVersion, kind, metadata, status }: JsonObject): JsonObject {
  const { name, namespace } = asObject(metadata);
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...(status === undefined ? {} : { status }),
  };
}

// Every write goes through here, in the order of a real API server: decode and prune, system fields, defaults, mutating
// admission, schema and rules, validating admission, field ownership, store. One write is one synchronous step, so
// nothing can come between reading an object and storing it. What equals the stored object is not written.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { KubeError } from '#kube/errors.ts';
import type { AdmissionTable } from './admission.ts';
import { checkContent, decodeFields, emptyObject, fillDefaults, prepareNew } from './content-rules.ts';
import type { ContentRules } from './content-rules.ts';
import { decode } from './decoding.ts';
import type { Sent, WriteContext } from './decoding.ts';
import { asArray, asObject, asText, copyJson, equalJson } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { builtInShape, customShape } from './list-types.ts';
import type { Shape } from './list-types.ts';
import { applyManaged, isManagedFieldsReset, managedByCreate, managedByUpdate } from './managed-fields.ts';
import { checkMetadata, checkName, warningsOfFinalizers } from './metadata-rules.ts';
import type { ReadPath } from './read-path.ts';
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound } from './refusals.ts';
import { apiVersionIn, typeId } from './registry.ts';
import type { Served } from './registry.ts';
import { scaleOf, scaledTo } from './scale-view.ts';
import { storeKey } from './store.ts';
import type { Store } from './store.ts';
import { randomSuffix, timeText } from './system-values.ts';
import {
  checkIdentity,
  checkPreconditions,
  checkSubresource,
  dropEmpty,
  onlyStatus,
  restrict,
  specLike,
  withoutStatus,
} from './update-limits.ts';
import type { Subresource } from './update-limits.ts';

export interface Target {
  readonly served: Served;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource?: Subresource | undefined;
}

export interface WritePathParts {
  readonly store: Store;
  readonly reads: ReadPath;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newUid: () => string;
  readonly admission: AdmissionTable;
  readonly rules: ContentRules;
}

export interface WritePath {
  create(served: Served, namespace: string | undefined, object: JsonObject, context: WriteContext): KubeObject;
  /** Replaces the object by what a patch makes of the current one. Throws 404, 409, 422. */
  update(target: Target, produce: (current: JsonObject) => JsonObject, context: WriteContext): KubeObject;
  /** A whole object; some kinds are made by it. */
  replace(target: Target, object: JsonObject, context: WriteContext): KubeObject;
  apply(target: Target, applied: JsonObject, isForced: boolean, context: WriteContext): KubeObject;
}

/** The part of an object whose owners a write through this subresource may change: status belongs to its own. */
function ownedBy({ version }: Served, object: JsonObject, subresource: Subresource | undefined): JsonObject {
  return subresource === undefined && version.hasStatus ? withoutStatus(object) : object;
}

function withManagedFields(object: JsonObject, managedFields: readonly unknown[]): JsonObject {
  const { managedFields: _former, ...metadata } = asObject(object['metadata']);
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

export function createWritePath(parts: WritePathParts): WritePath {
  const { store, reads, clock, admission } = parts;
  const shapes = new WeakMap<object, Shape>();

  function shapeOf(served: Served): Shape {
    const shape = shapes.get(served.version) ?? (served.type.isCustom ? customShape(served.version.schema) : builtInShape(served));
    shapes.set(served.version, shape);
    return shape;
  }

  function checkNamespace({ type }: Served, namespace: string, name: string): void {
    const found = store.get('/namespaces', storeKey(undefined, namespace));
    if (found === undefined) {
      throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace);
    }
    if (found.metadata.deletionTimestamp !== undefined) {
      throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
        { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
      ]);
    }
  }

  /** Name, namespace, kind and the fields the server owns. Returns a changeable object. */
  function beginCreate(served: Served, namespace: string | undefined, given: JsonObject, context: WriteContext): JsonObject {
    const { type, version } = served;
    const object = decode(served, given, context);
    const metadata = asObject(object['metadata']);
    object['metadata'] = metadata;
    if (type.namespaced) {
      const wanted = namespace ?? (asText(metadata['namespace']) || 'default');
      if (typeof metadata['namespace'] === 'string' && metadata['namespace'] !== '' && metadata['namespace'] !== wanted) {
        throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
      }
      metadata['namespace'] = wanted;
    } else {
      delete metadata['namespace'];
    }
    if (asText(metadata['name']) === '' && asText(metadata['generateName']) !== '') {
      metadata['name'] = asText(metadata['generateName']).slice(0, 58) + randomSuffix(parts.random);
    }
    const name = asText(metadata['name']);
    if (name === '') {
      throw invalid(type, '', [
        { reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName is required' },
      ]);
    }
    if (asText(metadata['resourceVersion']) !== '') {
      // an internal error in Kubernetes too
      throw new KubeError({ code: 500, reason: 'InternalError', message: 'resourceVersion should not be set on objects to be created' });
    }
    for (const field of ['resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) {
      delete metadata[field];
    }
    dropEmpty(metadata);
    metadata['uid'] = parts.newUid();
    metadata['creationTimestamp'] = timeText(clock.now());
    if (type.hasGeneration) {
      metadata['generation'] = 1;
    }
    // Nodes register with their status; everybody else's status belongs to its controller.
    if (version.hasStatus && type.kind !== 'Node') {
      delete object['status'];
    }
    return object;
  }

  /** Defaults, admission and all checks. Returns the object to store, without managedFields changed. */
  function admit(
    served: Served,
    object: JsonObject,
    before: JsonObject | undefined,
    subresource: Subresource | undefined,
    context: WriteContext,
  ): JsonObject {
    const { type } = served;
    const isMain = subresource === undefined;
    let admitted = fillDefaults(parts.rules, served, object, timeText(clock.now()));
    const request = (current: JsonObject) => ({
      operation: before === undefined ? ('CREATE' as const) : ('UPDATE' as const),
      object: current as unknown as KubeObject,
      isDryRun: context.isDryRun,
      ...(before === undefined ? {} : { oldObject: before as unknown as KubeObject }),
      ...(context.userInfo === undefined ? {} : { userInfo: context.userInfo }),
    });
    if (isMain) {
      const mutated = admission.mutate(type.group, request(admitted)) as unknown as JsonObject;
      if (mutated !== admitted) {
        admitted = fillDefaults(parts.rules, served, decodeFields(served, copyJson(mutated), []), timeText(clock.now()));
      }
    }
    if (before === undefined) {
      prepareNew(served, admitted);
    }
    const metadata = asObject(admitted['metadata']);
    const name = asText(metadata['name']);
    const problems = [
      ...(before === undefined ? checkName(type.kind, name) : []),
      ...checkMetadata(metadata, type.isCustom),
      ...checkContent(parts.rules, served, admitted, before),
    ];
    if (problems.length > 0) {
      throw invalid(type, name, problems);
    }
    if (type.isCustom) {
      warningsOfFinalizers(metadata, asObject(before?.['metadata'])).forEach(context.warn);
    }
    if (isMain) {
      const refusals = admission.validate(type.group, request(admitted), context.warn);
      if (refusals.length > 0) {
        throw invalid(type, name, refusals);
      }
    }
    return admitted;
  }

  /** Stores a created object. */
  function finishCreate(served: Served, object: JsonObject, context: WriteContext): KubeObject {
    const { namespace, name } = asObject(object['metadata']);
    if (served.type.namespaced) {
      checkNamespace(served, asText(namespace), asText(name));
    }
    if (context.isDryRun) {
      return object as unknown as KubeObject;
    }
    return reads.present(served, store.put(typeId(served.type), object as unknown as KubeObject));
  }

  /** managedFields after an update that is not an apply. */
  function managedBy(
    target: Target,
    candidate: JsonObject,
    admitted: JsonObject,
    current: JsonObject,
    context: WriteContext,
  ): JsonObject[] {
    const { served, subresource } = target;
    if (isManagedFieldsReset(candidate)) {
      return [];
    }
    // whoever understands managedFields may rewrite them, though not through a subresource
    const claimed = asArray(asObject(candidate['metadata'])['managedFields']);
    const before = subresource === undefined && claimed.length > 0 ? withManagedFields(current, claimed) : current;
    return managedByUpdate(ownedBy(served, before, subresource), ownedBy(served, admitted, subresource), shapeOf(served), {
      manager: context.fieldManager,
      apiVersion: apiVersionIn(served.type.group, served.version.name),
      nowText: subresource === 'scale' ? '' : timeText(clock.now()), // as in Kubernetes
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  /** Restores what an update may not touch, decides on generation and deletion, stores. */
  function finishUpdate(target: Target, candidate: JsonObject, current: JsonObject, context: WriteContext, isApplied: boolean): KubeObject {
    const { served, name, subresource } = target;
    const { type } = served;
    checkPreconditions(served, name, asObject(candidate['metadata']), asObject(current['metadata']));
    const object = restrict(served, candidate, current, subresource);
    const admitted = admit(served, object, current, subresource, context);
    const metadata = { ...asObject(admitted['metadata']) };
    admitted['metadata'] = metadata;
    if (type.hasGeneration && !equalJson(specLike(served, admitted), specLike(served, current))) {
      metadata['generation'] = Number(asObject(current['metadata'])['generation'] ?? 0) + 1;
    }
    const managedFields = isApplied ? asArray(metadata['managedFields']) : managedBy(target, candidate, admitted, current, context);
    Object.assign(admitted, withManagedFields(admitted, managedFields));
    if (equalJson(admitted, current)) {
      return current as unknown as KubeObject;
    }
    const updated = admitted as unknown as KubeObject;
    if (context.isDryRun) {
      return updated;
    }
    const isFinished =
      metadata['deletionTimestamp'] !== undefined &&
      asArray(metadata['finalizers']).length === 0 &&
      Number(metadata['deletionGracePeriodSeconds'] ?? 0) === 0;
    if (isFinished && type.kind !== 'Namespace') {
      return reads.present(served, store.delete(typeId(type), updated));
    }
    return reads.present(served, store.put(typeId(type), updated));
  }

  const path: WritePath = {
    create(served, namespace, given, context) {
      const object = beginCreate(served, namespace, given, context);
      const metadata = asObject(object['metadata']);
      delete metadata['managedFields'];
      const name = asText(metadata['name']);
      if (reads.find(served, asText(metadata['namespace']), name) !== undefined) {
        throw alreadyExists(served.type, name);
      }
      if (served.type.namespaced) {
        checkNamespace(served, asText(metadata['namespace']), name);
      }
      const empty = emptyObject(served);
      const defaulted = fillDefaults(parts.rules, served, object, timeText(clock.now()));
      const managedFields = managedByCreate(empty, ownedBy(served, defaulted, undefined), shapeOf(served), {
        manager: context.fieldManager,
        apiVersion: apiVersionIn(served.type.group, served.version.name),
        nowText: timeText(clock.now()),
      });
      const admitted = admit(served, defaulted, undefined, undefined, context);
      return finishCreate(served, withManagedFields(admitted, managedFields), context);
    },

    update: (target, produce, context) => change(target, produce, context, 'patch'),

    replace(target, object, context) {
      const { served, namespace, name, subresource } = target;
      checkIdentity(object, namespace, name, served);
      if (served.type.isMadeByReplace && subresource === undefined && reads.find(served, namespace, name) === undefined) {
        return path.create(served, namespace, object, context);
      }
      return change(target, () => object, context, 'object');
    },

    apply(target, applied, isForced, context) {
      const { served, namespace, name, subresource } = target;
      checkSubresource(served, subresource);
      const current = reads.find(served, namespace, name) as unknown as JsonObject | undefined;
      if (subresource === 'scale') {
        return updateScale(target, () => applied, asObject(reads.read(served, namespace, name)), context);
      }
      const decoded = decode(served, applied, context, 'applied');
      if (asArray(asObject(decoded['metadata'])['managedFields']).length > 0) {
        throw badRequest('metadata.managedFields must be nil');
      }
      checkIdentity(decoded, namespace, name, served);
      if (current === undefined) {
        if (subresource !== undefined) {
          throw notFound(served.type, name);
        }
        if (asText(asObject(decoded['metadata'])['uid']) !== '') {
          throw conflict(served.type, name, 'uid mismatch: the provided object specified a uid, but no object exists');
        }
      } else {
        checkPreconditions(served, name, asObject(decoded['metadata']), asObject(current['metadata']));
      }
      const writer = {
        manager: context.fieldManager,
        apiVersion: apiVersionIn(served.type.group, served.version.name),
        nowText: timeText(clock.now()),
        ...(subresource === undefined ? {} : { subresource }),
      };
      const mine =
        subresource === 'status'
          ? onlyStatus(decoded)
          : served.version.hasStatus && served.type.kind !== 'Node'
            ? withoutStatus(decoded)
            : decoded;
      const merged = applyManaged({ live: current, applied: mine, shape: shapeOf(served), writer, isForced });
      if (current !== undefined) {
        return finishUpdate(target, copyJson(merged), current, context, true);
      }
      const { managedFields, resourceVersion: _ofNobody, ...metadata } = asObject(merged['metadata']);
      // A version is a condition on what is there: a real API server makes what is not, whatever version was given.
      const created = beginCreate(served, namespace, { ...merged, metadata }, { ...context, fieldValidation: 'Ignore' });
      const admitted = admit(served, created, undefined, undefined, context);
      return finishCreate(served, withManagedFields(admitted, asArray(managedFields)), context);
    },
  };
  return path;

  function change(target: Target, produce: (current: JsonObject) => JsonObject, context: WriteContext, sent: Sent): KubeObject {
    const { served, namespace, name, subresource } = target;
    checkSubresource(served, subresource);
    const current = reads.read(served, namespace, name) as unknown as JsonObject;
    if (subresource === 'scale') {
      return updateScale(target, produce, current, context);
    }
    const produced = decode(served, produce(current), context, sent);
    checkIdentity(produced, namespace, name, served);
    return finishUpdate(target, produced, current, context, false);
  }

  function updateScale(
    target: Target,
    produce: (current: JsonObject) => JsonObject,
    current: JsonObject,
    context: WriteContext,
  ): KubeObject {
    const { served, name } = target;
    const wanted = produce(scaleOf(served, current as unknown as KubeObject) as unknown as JsonObject);
    return scaleOf(served, finishUpdate(target, scaledTo(served, name, current, wanted), current, context, false));
  }
}

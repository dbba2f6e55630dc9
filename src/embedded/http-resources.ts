// The verbs on resources over HTTP: query parameters and bodies into calls of the read and write paths, and their results
// into the view the client accepts.
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '#core/objects.ts';
import type { ListOptions, LogOptions, ObjectList, PatchType } from '#kube/port.ts';
import { deleteObject } from './deletion.ts';
import { answer, contentTypeOf, readBody } from './http-exchange.ts';
import type { Exchange } from './http-exchange.ts';
import { handleWatch } from './http-watch.ts';
import { asObject, asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { ListVersion } from './list-versions.ts';
import { chooseView } from './negotiation.ts';
import { patchWith } from './patches.ts';
import { badRequest, methodNotAllowed, noSuchResource, notServed, unsupportedMediaType } from './refusals.ts';
import { apiVersionIn } from './registry.ts';
import type { Served } from './registry.ts';
import { readScale } from './scale-view.ts';
import { refuseOption, removeOptionsOf, writeContextOf } from './request-options.ts';
import type { ServerParts } from './server-parts.ts';
import { makeTable, metadataOnly } from './tables.ts';
import type { IncludeObject } from './tables.ts';
import { checkSubresource } from './update-limits.ts';
import type { Target } from './write-path.ts';

export interface ResourceRequest {
  readonly served: Served;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** '' for the object itself. */
  readonly subresource: string;
}

const NOT_SERVED = new Set([
  'exec',
  'attach',
  'portforward',
  'proxy',
  'eviction',
  'binding',
  'ephemeralcontainers',
  'resize',
  'token',
  'finalize',
  'approval',
]);
/** Deprecated since 1.11 and still sent by nobody; the error must say what to do. */
const APPLY = new Set(['application/apply-patch+yaml', 'application/apply-patch+json']);
const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/merge-patch+json': 'merge',
  'application/json-patch+json': 'json',
  'application/strategic-merge-patch+json': 'strategic',
};

export async function handleResource(parts: ServerParts, exchange: Exchange, request: ResourceRequest): Promise<void> {
  const { served, name, subresource } = request;
  const subject = subresource.split('/')[0] ?? '';
  if (served.version.deprecationWarning !== undefined) {
    exchange.warnings.push(served.version.deprecationWarning);
  }
  if (NOT_SERVED.has(subject)) {
    throw notServed(`"${subject}" of ${served.type.plural}`);
  }
  if (name === undefined) {
    await handleCollection(parts, exchange, request);
  } else if (subresource === 'log' && served.type.kind === 'Pod') {
    await streamLog(parts, exchange, request.namespace ?? '', name);
  } else if (subresource === '' || subresource === 'status' || subresource === 'scale') {
    checkSubresource(served, subresource === '' ? undefined : subresource);
    await handleObject(parts, exchange, {
      served,
      namespace: request.namespace,
      name,
      ...(subresource === '' ? {} : { subresource }),
    });
  } else {
    throw noSuchResource();
  }
}

async function handleCollection(parts: ServerParts, exchange: Exchange, { served, namespace }: ResourceRequest): Promise<void> {
  const { query, method } = exchange;
  switch (method) {
    case 'GET':
      if (query.get('watch') === 'true' || query.get('watch') === '1') {
        await handleWatch(parts, exchange, served, listOptions(query, namespace));
      } else {
        await answerList(parts, exchange, served, listOptions(query, namespace));
      }
      return;
    case 'POST': {
      const body = objectOf(await readBody(exchange));
      await parts.prepare(body);
      const made = parts.writes.create(served, namespace, body, writeContextOf(exchange));
      await answerObject(parts, exchange, served, made, 201);
      return;
    }
    case 'DELETE': {
      if (!served.type.isDeletedTogether) {
        throw methodNotAllowed('the server does not allow this method on the requested resource');
      }
      const { options, context } = removeOptionsOf(await readBody(exchange), exchange);
      const list = parts.reads.list(served, listOptions(query, namespace));
      for (const { metadata } of list.items) {
        deleteObject(parts, { served, namespace: metadata.namespace, name: metadata.name }, options, context);
      }
      await showList(parts, exchange, served, list);
      return;
    }
    default:
      throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
}

async function handleObject(parts: ServerParts, exchange: Exchange, target: Target): Promise<void> {
  const { served, namespace, name, subresource } = target;
  const { writes, reads } = parts;
  switch (exchange.method) {
    case 'GET': {
      const object = reads.read(served, namespace, name);
      await answerObject(parts, exchange, served, subresource === 'scale' ? readScale(served, object) : object, 200);
      return;
    }
    case 'PUT': {
      const body = objectOf(await readBody(exchange));
      await parts.prepare(body);
      const isNew = reads.find(served, namespace, name) === undefined;
      await answerObject(parts, exchange, served, writes.replace(target, body, writeContextOf(exchange)), isNew ? 201 : 200);
      return;
    }
    case 'PATCH':
      await handlePatch(parts, exchange, target);
      return;
    case 'DELETE': {
      const { options, context } = removeOptionsOf(await readBody(exchange), exchange);
      const { object, isGone } = deleteObject(parts, { served, namespace, name }, options, context);
      if (isGone) {
        const details = {
          name,
          ...(served.type.group === '' ? {} : { group: served.type.group }),
          kind: served.type.plural,
          uid: object.metadata.uid,
        };
        await answer(exchange, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
      } else {
        await answerObject(parts, exchange, served, object, 200);
      }
      return;
    }
    default:
      throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
}

async function handlePatch(parts: ServerParts, exchange: Exchange, target: Target): Promise<void> {
  const { served, namespace, name } = target;
  const contentType = contentTypeOf(exchange.request);
  const patch = await readBody(exchange);
  await parts.prepare(patch);
  if (APPLY.has(contentType)) {
    const context = writeContextOf(exchange);
    if (exchange.query.get('fieldManager') === null) {
      refuseOption(exchange, 'fieldManager', 'FieldValueRequired', 'Required value: is required for apply patch');
    }
    const { apiVersion, kind } = asObject(patch);
    if (asText(apiVersion) === '' || asText(kind) === '') {
      throw badRequest(`invalid object type: ${asText(apiVersion).includes('/') ? '' : '/'}${asText(apiVersion)}, Kind=${asText(kind)}`);
    }
    const isNew = parts.reads.find(served, namespace, name) === undefined;
    const applied = parts.writes.apply(target, objectOf(patch), exchange.query.get('force') === 'true', context);
    await answerObject(parts, exchange, served, applied, isNew ? 201 : 200);
    return;
  }
  const patchType = Object.hasOwn(PATCH_TYPES, contentType) ? PATCH_TYPES[contentType] : undefined;
  if (patchType === undefined) {
    throw unsupportedMediaType('415: Unsupported Media Type');
  }
  await answerObject(
    parts,
    exchange,
    served,
    parts.writes.update(target, patchWith(served, patchType, patch), writeContextOf(exchange)),
    200,
  );
}

function objectOf(body: unknown): JsonObject {
  if (!isJsonObject(body)) {
    throw badRequest('the body of the request must be one Kubernetes object');
  }
  return body;
}

export function listOptions(query: URLSearchParams, namespace: string | undefined): ListOptions & ListVersion {
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  const next = query.get('continue');
  const limit = Number(query.get('limit') ?? 0);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === null ? {} : { labelSelector }),
    ...(fieldSelector === null ? {} : { fieldSelector }),
    ...(next === null ? {} : { continue: next }),
    ...(limit > 0 ? { limit } : {}),
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  };
}

export function includeOf(query: URLSearchParams): IncludeObject {
  const include = query.get('includeObject');
  return include === 'None' || include === 'Object' ? include : 'Metadata';
}

async function answerObject(parts: ServerParts, exchange: Exchange, served: Served, object: KubeObject, code: number): Promise<void> {
  const view = chooseView(exchange.request.headers.accept);
  switch (view) {
    case 'table':
      await answer(
        exchange,
        code,
        makeTable(served, [object], {
          include: includeOf(exchange.query),
          nowMs: parts.clock.now(),
          metadata: { resourceVersion: object.metadata.resourceVersion },
        }),
      );
      return;
    case 'metadata':
      await answer(exchange, code, metadataOnly(object));
      return;
    default:
      await answer(exchange, code, object, view === 'yaml' ? 'application/yaml' : 'application/json');
  }
}

async function answerList(parts: ServerParts, exchange: Exchange, served: Served, options: ListOptions & ListVersion): Promise<void> {
  await showList(parts, exchange, served, parts.reads.list(served, options));
}

async function showList(parts: ServerParts, exchange: Exchange, served: Served, list: ObjectList<KubeObject>): Promise<void> {
  const view = chooseView(exchange.request.headers.accept);
  const { metadata, items } = list;
  const { type, version } = served;
  switch (view) {
    case 'table':
      await answer(exchange, 200, makeTable(served, items, { include: includeOf(exchange.query), nowMs: parts.clock.now(), metadata }));
      return;
    case 'metadata':
      await answer(exchange, 200, {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: items.map(metadataOnly),
      });
      return;
    default: {
      const shown = type.isCustom ? items : items.map(withoutKind);
      const whole = { kind: type.listKind, apiVersion: apiVersionIn(type.group, version.name), metadata, items: shown };
      await answer(exchange, 200, whole, view === 'yaml' ? 'application/yaml' : 'application/json');
    }
  }
}

/** Lists of built-in kinds say it once. */
function withoutKind({ kind: _kind, apiVersion: _apiVersion, ...object }: KubeObject): object {
  return object;
}

async function streamLog(
  parts: ServerParts,
  { query, response, signal, method }: Exchange,
  namespace: string,
  name: string,
): Promise<void> {
  if (method !== 'GET') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const reader = parts.logReader();
  if (reader === undefined) {
    throw notServed('"log" of pods without a process node');
  }
  parts.reads.read(parts.registry.resolve({ group: '', version: 'v1', plural: 'pods' }), namespace, name);
  const isSet = (parameter: string): boolean => query.get(parameter) === 'true' || query.get(parameter) === '1';
  const container = query.get('container');
  const options: LogOptions = {
    signal,
    follow: isSet('follow'),
    previous: isSet('previous'),
    timestamps: isSet('timestamps'),
    ...(container === null || container === '' ? {} : { container }),
    ...(query.has('tailLines') ? { tailLines: Number(query.get('tailLines')) } : {}),
    ...(query.has('sinceSeconds') ? { sinceSeconds: Number(query.get('sinceSeconds')) } : {}),
  };
  const chunks = reader({ namespace, name }, options)[Symbol.asyncIterator]();
  // The first chunk decides between an answer and an error; a followed log may have none for long.
  const first = chunks.next();
  const opened = await Promise.race([
    first.then((result) => ({ result })),
    delay(200, undefined, { signal, ref: false }).catch(() => undefined),
  ]);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  for (let next = opened?.result ?? (await first); next.done !== true; next = await chunks.next()) {
    if (!response.write(next.value)) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (signal.aborted) {
      break;
    }
  }
  response.end();
}

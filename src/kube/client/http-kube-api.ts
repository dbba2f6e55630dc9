// KubeApi over HTTP: any cluster, and the embedded API behind its socket. Puts requests, transport and watch decoding
// together and decides what is tried again; knows no kind.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import { isKubeError, KubeError } from '../errors.ts';
import type { CallOptions, KubeApi, ListOptions, LogOptions, ObjectKey, ObjectList, Resource, WatchEvent, WatchOptions } from '../port.ts';
import { apiVersionOf } from '../resources.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { createCredentials } from './credentials.ts';
import { unreachable } from './explain.ts';
import { readClusterAccess } from './kubeconfig.ts';
import type { KubeconfigQuery } from './kubeconfig.ts';
import * as requests from './request.ts';
import { retryDelayMs } from './retry.ts';
import { createTransport } from './transport.ts';
import type { HttpCall } from './transport.ts';
import { parseWatchLine, readLines } from './watch.ts';

export interface HttpKubeApiInit extends KubeconfigQuery {
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
  /** Deprecations and remarks of the server (Warning headers); default: logged at level warn. */
  readonly onWarning?: (text: string) => void;
  /** Whether a credential plugin may ask the person at the terminal; default: whether there is one. */
  readonly isInteractive?: boolean;
}

export interface HttpKubeApi extends KubeApi {
  readonly server: string;
  /** Of the kubeconfig's context. */
  readonly namespace: string;
  readonly describedAs: string;
  /** Ends every call and watch. */
  close(): Promise<void>;
}

const defaultTimeoutMs = 30_000;
/** The server ends a watch after this, spread so that they do not all come back at once; client-go's bounds. */
const watchSeconds = { least: 300, most: 600 };
/** After the server should have ended a watch, give the network this long, then call it dead. */
const watchGraceMs = 30_000;

/** Throws KubeconfigError when there is no usable kubeconfig; opens no connection yet. */
export function createHttpKubeApi(init: HttpKubeApiInit): HttpKubeApi {
  const { clock, log, env } = init;
  const random = init.random ?? Math.random;
  const access = readClusterAccess(init);
  const onWarning = init.onWarning ?? ((text: string): void => log.warn(text, { server: access.server }));
  const isInteractive = init.isInteractive ?? process.stdin.isTTY;
  const credentials = createCredentials({ access, clock, log, env, isInteractive });
  const transport = createTransport({ access, credentials, clock, onWarning });

  async function call<T>(request: HttpCall, options: CallOptions | undefined): Promise<T> {
    const deadlineAt = clock.now() + (options?.timeoutMs ?? defaultTimeoutMs);
    const signal = options?.signal ?? new AbortController().signal;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return parseJson(await transport.call({ ...request, signal }, Math.max(1, deadlineAt - clock.now())), access) as T;
      } catch (error) {
        const waitMs = error instanceof KubeError ? retryDelayMs(error, request, attempt, random) : undefined;
        if (waitMs === undefined || clock.now() + waitMs >= deadlineAt || signal.aborted) throw error;
        await pause(clock, waitMs, signal);
      }
    }
  }

  async function* watch<T extends KubeObject>(
    resource: Resource,
    where: WatchOptions,
    options: CallOptions = {},
  ): AsyncGenerator<WatchEvent<T>> {
    const seconds = Math.floor(watchSeconds.least + random() * (watchSeconds.most - watchSeconds.least));
    const silence = new AbortController();
    const signal = options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal]);
    const cancel = clock.after(seconds * 1000 + watchGraceMs, () => silence.abort());
    try {
      for await (const line of readLines(transport.stream({ ...requests.watchRequest(resource, where, seconds), signal }))) {
        if (line.trim() === '') continue;
        const event = parseWatchLine<T>(line);
        const isPartial = where.metadataOnly === true && event.type !== 'BOOKMARK';
        yield isPartial ? { ...event, object: ofKind(event.object, resource) } : event;
      }
    } catch (error) {
      if (options.signal?.aborted === true) return;
      if (silence.signal.aborted) throw unreachable(access, `the watch of ${resource.plural} went silent`, error);
      throw error;
    } finally {
      cancel();
    }
  }

  async function* readLog(key: ObjectKey, options: LogOptions = {}): AsyncGenerator<string> {
    const request = requests.logRequest(key, options);
    const decoder = new TextDecoder();
    try {
      for await (const chunk of transport.stream(options.signal === undefined ? request : { ...request, signal: options.signal })) {
        const text = decoder.decode(chunk, { stream: true });
        if (text !== '') yield text;
      }
      const rest = decoder.decode();
      if (rest !== '') yield rest;
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
    }
  }

  return {
    server: access.server,
    namespace: access.namespace,
    describedAs: access.describedAs,
    async get<T extends KubeObject>(resource: Resource, key: ObjectKey, options?: CallOptions) {
      try {
        return await call<T>(requests.getRequest(resource, key), options);
      } catch (error) {
        if (isAbsent(error, key)) return undefined;
        throw error;
      }
    },
    async list<T extends KubeObject>(resource: Resource, where: ListOptions, options?: CallOptions): Promise<ObjectList<T>> {
      const answer = await call<ObjectList<T>>(requests.listRequest(resource, where), options);
      return { ...answer, items: (answer.items ?? []).map((item) => (isKindKnown(item, where) ? item : ofKind(item, resource))) };
    },
    watch,
    create: (resource, object, options) => call(requests.createRequest(resource, object, options), options),
    replace: (resource, object, options) => call(requests.replaceRequest(resource, object, options), options),
    patch: (resource, key, type, patch, options) => call(requests.patchRequest(resource, key, type, patch, options), options),
    apply: (resource, object, options) => call(requests.applyRequest(resource, object, options), options),
    async remove(resource, key, options = {}) {
      try {
        await call(requests.removeRequest(resource, key, options), options);
      } catch (error) {
        if (!isAbsent(error, key)) throw error;
      }
    },
    readLog,
    close: () => transport.close(),
  };
}

/** 404 for this very object; 404 for an unknown resource (a CRD that is not installed) names no object and stays an error. */
function isAbsent(error: unknown, key: ObjectKey): boolean {
  return isKubeError(error, 'NotFound') && error.details['name'] === key.name;
}

/** Items of built-in lists carry neither apiVersion nor kind, and metadata alone says PartialObjectMetadata. */
function isKindKnown(item: KubeObject, where: ListOptions): boolean {
  const kind: string | undefined = item.kind;
  return kind !== undefined && where.metadataOnly !== true;
}

function ofKind<T extends KubeObject>(object: T, resource: Resource): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function parseJson(text: string, access: ClusterAccess): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(access, 'the answer is not JSON', error);
  }
}

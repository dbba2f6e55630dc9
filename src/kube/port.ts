// The one interface through which all code talks to a Kubernetes API (design D14). Two implementations: the embedded API
// (in process) and kube/client (HTTP, any cluster). It must not know which one it is talking to, nor any kind of ours.
import type { KubeObject } from '#core/objects.ts';

/** One API resource: what a URL path and a kind have in common. See kube/resources.ts for the ones we use. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ObjectKey {
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Upper bound of the whole call, in ms; default 30,000. Watches have none. */
  readonly timeoutMs?: number;
}

export interface Where {
  /** Absent means all namespaces. */
  readonly namespace?: string;
  /** Kubernetes selector syntax, e.g. `app=trino,tier in (a,b),!x`. */
  readonly labelSelector?: string;
  /** `metadata.name=x`, `metadata.namespace=x`, `spec.nodeName=x`, `status.phase=x`, `involvedObject.*` ... */
  readonly fieldSelector?: string;
  /** Objects come as apiVersion, kind and metadata alone: for who needs to know that something is there, or changed. */
  readonly metadataOnly?: boolean;
}

export interface ListOptions extends Where {
  readonly limit?: number;
  readonly continue?: string;
}

export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly T[];
}

export interface WatchOptions extends Where {
  /** Events after this version; '' or absent starts with synthetic ADDED events of what exists now. 410 when too old. */
  readonly resourceVersion?: string;
  readonly allowWatchBookmarks?: boolean;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } };

export type PatchType = 'merge' | 'json' | 'strategic';

export interface WriteOptions extends CallOptions {
  /** Recorded in managedFields. */
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  /** What to do with fields the schema does not know; absent: the server's default ('Warn'). 'Strict' refuses them by name. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status' | 'scale';
}

export interface ApplyOptions extends PatchOptions {
  /** Take over fields that another manager owns, instead of failing with 409 Conflict. */
  readonly force?: boolean;
}

export interface RemoveOptions extends CallOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface LogOptions extends CallOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly timestamps?: boolean;
}

/**
 * Every failure is a KubeError (kube/errors.ts). Objects returned are frozen or fresh: callers never mutate them.
 * `get` of something absent is undefined, not an error. Names of methods follow the verbs of Kubernetes.
 */
export interface KubeApi {
  get<T extends KubeObject>(resource: Resource, key: ObjectKey, options?: CallOptions): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource, where: ListOptions, options?: CallOptions): Promise<ObjectList<T>>;
  /** Ends by returning (server closed it: start again from the last version), or throws KubeError (410 Expired: list again). */
  watch<T extends KubeObject>(resource: Resource, where: WatchOptions, options?: CallOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource, object: T, options: WriteOptions): Promise<T>;
  /** Full update; with metadata.resourceVersion it is checked (409 Conflict). */
  replace<T extends KubeObject>(resource: Resource, object: T, options: PatchOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource, key: ObjectKey, type: PatchType, patch: unknown, options: PatchOptions): Promise<T>;
  /** Server-side apply: creates or changes; owns exactly the fields given; creates nothing on a subresource. */
  apply<T extends KubeObject>(resource: Resource, object: T, options: ApplyOptions): Promise<T>;
  /** Absent is not an error. */
  remove(resource: Resource, key: ObjectKey, options?: RemoveOptions): Promise<void>;
  /** Chunks of a container's log, UTF-8 text. */
  readLog(key: ObjectKey, options?: LogOptions): AsyncIterable<string>;
}

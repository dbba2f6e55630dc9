// Stands between a caller and a KubeApi: every call as data, and an interceptor that decides what becomes of it.
import type { KubeObject } from '#core/objects.ts';
import type { KubeApi, ListOptions, ObjectKey, Resource, WatchEvent, WatchOptions } from '../port.ts';
import { pods } from '../resources.ts';

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'apply' | 'remove';

export interface ApiCall {
  readonly verb: ApiVerb;
  /** '' for the core group. */
  readonly group: string;
  readonly plural: string;
  /** Absent for a whole namespace or all of them; of a new object that the server names, ''. */
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly subresource?: string | undefined;
}

export interface Interceptor {
  /** `proceed` has the call done. */
  call(call: ApiCall, proceed: () => Promise<unknown>): Promise<unknown>;
  /** Watches and logs. */
  stream<T>(call: ApiCall, open: () => AsyncIterable<T>): AsyncIterable<T>;
}

const writeVerbs: ReadonlySet<ApiVerb> = new Set(['create', 'replace', 'patch', 'apply', 'remove']);

export function isWrite({ verb }: ApiCall): boolean {
  return writeVerbs.has(verb);
}

export function describeCall({ verb, plural, name, subresource }: ApiCall): string {
  return [verb, subresource === undefined ? plural : `${plural}/${subresource}`, name].filter((part) => part !== undefined).join(' ');
}

type Target = Partial<ObjectKey> & { readonly subresource?: string | undefined };

function callOf(verb: ApiVerb, { group, plural }: Resource, { name, namespace, subresource }: Target): ApiCall {
  return { verb, group, plural, name, namespace, subresource };
}

export function interceptApi(api: KubeApi, { call, stream }: Interceptor): KubeApi {
  const to = <T>(about: ApiCall, proceed: () => Promise<T>): Promise<T> => call(about, proceed) as Promise<T>;
  const keyOf = ({ metadata: { name, namespace } }: KubeObject, more?: Target): Target => ({
    name,
    ...(namespace === undefined ? {} : { namespace }),
    subresource: more?.subresource,
  });
  // Selecting by name asks for one object, also in the eyes of RBAC.
  const whole = ({ namespace, fieldSelector = '' }: ListOptions): Target => {
    const name = /^metadata\.name=([^,]+)$/.exec(fieldSelector)?.[1];
    return { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
  };
  return {
    get: (resource, key, options) => to(callOf('get', resource, key), () => api.get(resource, key, options)),
    list: (resource, where, options) => to(callOf('list', resource, whole(where)), () => api.list(resource, where, options)),
    watch: <T extends KubeObject>(resource: Resource, where: WatchOptions, options?: Parameters<KubeApi['watch']>[2]) =>
      stream<WatchEvent<T>>(callOf('watch', resource, whole(where)), () => api.watch<T>(resource, where, options)),
    create: (resource, object, options) => to(callOf('create', resource, keyOf(object)), () => api.create(resource, object, options)),
    replace: (resource, object, options) =>
      to(callOf('replace', resource, keyOf(object, options)), () => api.replace(resource, object, options)),
    patch: (resource, key, type, patch, options) =>
      to(callOf('patch', resource, { ...key, subresource: options.subresource }), () => api.patch(resource, key, type, patch, options)),
    apply: (resource, object, options) => to(callOf('apply', resource, keyOf(object, options)), () => api.apply(resource, object, options)),
    remove: (resource, key, options) => to(callOf('remove', resource, key), () => api.remove(resource, key, options)),
    readLog: (key, options) => stream(callOf('get', pods, { ...key, subresource: 'log' }), () => api.readLog(key, options)),
  };
}

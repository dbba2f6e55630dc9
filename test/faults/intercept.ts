// Stands between a caller and a KubeApi: every call as data, and whoever tests decides what becomes of it.
import type { KubeObject } from '#core/objects.ts';
import type { CallOptions, KubeApi, Resource, WatchEvent, WatchOptions } from '#kube/port.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'apply' | 'remove';

export interface ApiCall {
  readonly verb: Verb;
  readonly plural: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly subresource?: string | undefined;
}

export interface Interceptor {
  /** Everything but watches. `proceed` has the call done. */
  call(call: ApiCall, proceed: () => Promise<unknown>): Promise<unknown>;
  watch(call: ApiCall, open: () => AsyncIterable<WatchEvent<KubeObject>>): AsyncIterable<WatchEvent<KubeObject>>;
}

const writeVerbs: ReadonlySet<Verb> = new Set(['create', 'replace', 'patch', 'apply', 'remove']);

export function isWrite({ verb }: ApiCall): boolean {
  return writeVerbs.has(verb);
}

export function describeCall({ verb, plural, name, subresource }: ApiCall): string {
  return [verb, subresource === undefined ? plural : `${plural}/${subresource}`, name].filter((part) => part !== undefined).join(' ');
}

export function intercept(api: KubeApi, { call, watch }: Interceptor): KubeApi {
  const to = <T>(
    verb: Verb,
    { plural }: Resource,
    target: { readonly name?: string; readonly namespace?: string | undefined },
    options: CallOptions | { readonly subresource?: string } | undefined,
    proceed: () => Promise<T>,
  ): Promise<T> => {
    const { name, namespace } = target;
    const subresource = options !== undefined && 'subresource' in options ? options.subresource : undefined;
    return call({ verb, plural, name, namespace, subresource }, proceed) as Promise<T>;
  };
  return {
    get: (resource, key, options) => to('get', resource, key, options, () => api.get(resource, key, options)),
    list: (resource, where, options) =>
      to('list', resource, { namespace: where.namespace }, options, () => api.list(resource, where, options)),
    watch: <T extends KubeObject>(resource: Resource, where: WatchOptions, options?: CallOptions) =>
      watch({ verb: 'watch', plural: resource.plural, namespace: where.namespace }, () =>
        api.watch(resource, where, options),
      ) as AsyncIterable<WatchEvent<T>>,
    create: (resource, object, options) => to('create', resource, object.metadata, options, () => api.create(resource, object, options)),
    replace: (resource, object, options) => to('replace', resource, object.metadata, options, () => api.replace(resource, object, options)),
    patch: (resource, key, type, patch, options) =>
      to('patch', resource, key, options, () => api.patch(resource, key, type, patch, options)),
    apply: (resource, object, options) => to('apply', resource, object.metadata, options, () => api.apply(resource, object, options)),
    remove: (resource, key, options) => to('remove', resource, key, options, () => api.remove(resource, key, options)),
    readLog: (key, options) => api.readLog(key, options),
  };
}

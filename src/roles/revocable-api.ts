// A KubeApi that can be taken away: a leader that has lost its Lease starts nothing more, and what it waits for ends at once, so
// that two operators never work side by side (as far as calls already sent allow).
import type { Term } from '#kube/control/lease.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';

export function revocableApi(api: KubeApi, { isHeld, lost }: Pick<Term, 'isHeld' | 'lost'>): KubeApi {
  function allowed<O extends { readonly signal?: AbortSignal }>(options: O | undefined): O {
    if (!isHeld()) throw new KubeError({ code: 0, reason: 'Unreachable', message: 'this operator does not lead any more' });
    const own = options?.signal;
    // Most calls bring no signal of their own, and then nothing has to be combined.
    return { ...options, signal: own === undefined ? lost : AbortSignal.any([own, lost]) } as O;
  }
  return {
    get: async (resource, key, options) => api.get(resource, key, allowed(options)),
    list: async (resource, where, options) => api.list(resource, where, allowed(options)),
    watch: (resource, where, options) => api.watch(resource, where, allowed(options)),
    create: async (resource, object, options) => api.create(resource, object, allowed(options)),
    replace: async (resource, object, options) => api.replace(resource, object, allowed(options)),
    patch: async (resource, key, type, patch, options) => api.patch(resource, key, type, patch, allowed(options)),
    apply: async (resource, object, options) => api.apply(resource, object, allowed(options)),
    remove: async (resource, key, options) => api.remove(resource, key, allowed(options)),
    readLog: (key, options) => api.readLog(key, allowed(options)),
  };
}

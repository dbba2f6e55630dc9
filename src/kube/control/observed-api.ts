// A KubeApi that tells of every call in the words of RBAC, and what became of it: for metrics, and for tests that compare what
// a role does with what it may do. Changes nothing.
import type { Clock } from '#core/clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi } from '../port.ts';
import { interceptApi } from './intercepted-api.ts';
import type { ApiCall, ApiVerb } from './intercepted-api.ts';

export interface ObservedCall {
  /** What a role needs to be allowed. A server-side apply is a patch and, where the object is new, a create as well. */
  readonly verbs: readonly string[];
  readonly group: string;
  /** `pods`, `pods/log`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Unknown for lists, watches and what the server is to name. */
  readonly name: string | undefined;
}

export interface CallOutcome {
  /** HTTP status; 200 for any success, 0 for no answer. */
  readonly code: number;
  readonly durationMs: number;
}

/** Throws nothing. */
export interface CallObserver {
  began?(call: ObservedCall): void;
  /** Of watches and logs: when they end, however they end. */
  ended?(call: ObservedCall, outcome: CallOutcome): void;
}

const rbacVerbs: Readonly<Record<ApiVerb, readonly string[]>> = {
  get: ['get'],
  list: ['list'],
  watch: ['watch'],
  create: ['create'],
  replace: ['update'],
  patch: ['patch'],
  apply: ['patch', 'create'],
  remove: ['delete'],
};

export function observeCalls(api: KubeApi, clock: Clock, { began, ended }: CallObserver): KubeApi {
  function begin(call: ApiCall): (error?: unknown) => void {
    const observed = inWordsOfRbac(call);
    const startedAt = clock.now();
    began?.(observed);
    return (error) => {
      const code = error === undefined ? 200 : error instanceof KubeError ? error.code : 0;
      ended?.(observed, { code, durationMs: clock.now() - startedAt });
    };
  }
  return interceptApi(api, {
    async call(call, proceed) {
      const end = begin(call);
      try {
        const result = await proceed();
        end();
        return result;
      } catch (error) {
        end(error);
        throw error;
      }
    },
    async *stream(call, open) {
      const end = begin(call);
      let failure: unknown;
      try {
        yield* open();
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        end(failure);
      }
    },
  });
}

function inWordsOfRbac({ verb, group, plural, subresource, namespace, name }: ApiCall): ObservedCall {
  return {
    // A subresource is not created by applying to it.
    verbs: verb === 'apply' && subresource !== undefined ? ['patch'] : rbacVerbs[verb],
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    namespace,
    name: name === '' ? undefined : name,
  };
}

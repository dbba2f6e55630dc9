// The KubeApi of a role that may do what a table of permissions says and nothing else, refused in the API server's words. It
// notes which rules were needed, so that a test can tell a table that is too wide from one that is right.
import { interceptApi, type ApiCall } from '#kube/control/intercepted-api.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import type { Permission, Scope, Verb } from '#rbac/permissions.ts';

export interface GuardedApi {
  readonly api: KubeApi;
  /** `verb plural in scope` of each rule and verb of the table that no call has needed. */
  unused(): readonly string[];
  /** Every refusal, in words: also those that the role itself only logs. */
  readonly refusals: readonly string[];
}

export interface Guard {
  readonly permissions: readonly Permission[];
  /** Namespaces that were given to XTrinode. */
  readonly served: readonly string[];
}

interface Needed {
  readonly verb: Verb;
  readonly call: ApiCall;
}

/** Kubernetes' verbs: a server-side apply is a patch, and creates as well where the object is new. */
const verbOf: Readonly<Record<ApiCall['verb'], Verb>> = {
  get: 'get',
  list: 'list',
  watch: 'watch',
  create: 'create',
  replace: 'update',
  patch: 'patch',
  apply: 'patch',
  remove: 'delete',
};

export function guardApi(real: KubeApi, { permissions, served }: Guard): GuardedApi {
  const refusals: string[] = [];
  const used = new Set<string>();

  function isIn(scope: Scope, namespace: string | undefined): boolean {
    if (scope === 'cluster') return true;
    if (scope === 'served') return namespace !== undefined && served.includes(namespace);
    return namespace === scope.namespace;
  }

  function covers({ scope, resource, subresource, verbs, names }: Permission, { verb, call }: Needed): boolean {
    const isNamed = names === undefined || (call.name !== undefined && names.includes(call.name));
    return (
      resource.plural === call.plural && subresource === call.subresource && verbs.includes(verb) && isNamed && isIn(scope, call.namespace)
    );
  }

  function demand(needed: Needed): void {
    const rule = permissions.find((permission) => covers(permission, needed));
    if (rule !== undefined) {
      used.add(nameOf(rule, needed.verb));
      return;
    }
    const { plural, subresource, namespace, name } = needed.call;
    const what = subresource === undefined ? plural : `${plural}/${subresource}`;
    const message = `${what} "${name ?? ''}" is forbidden: the role cannot ${needed.verb} ${what} in ${namespace ?? 'the whole cluster'}`;
    refusals.push(message);
    throw new KubeError({ code: 403, reason: 'Forbidden', message });
  }

  async function isNew(resource: Resource | undefined, { namespace, name = '' }: ApiCall): Promise<boolean> {
    if (resource === undefined) return false;
    return (await real.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) })) === undefined;
  }

  const api = interceptApi(real, {
    async call(call, proceed) {
      demand({ verb: verbOf[call.verb], call });
      const resource = permissions.find(({ resource }) => resource.plural === call.plural)?.resource;
      if (call.verb === 'apply' && call.subresource === undefined && (await isNew(resource, call))) demand({ verb: 'create', call });
      return proceed();
    },
    async *stream(call, open) {
      demand({ verb: verbOf[call.verb], call });
      yield* open();
    },
  });
  return {
    api,
    refusals,
    unused: () => permissions.flatMap((rule) => rule.verbs.map((verb) => nameOf(rule, verb))).filter((name) => !used.has(name)),
  };
}

function nameOf({ scope, resource, subresource, names }: Permission, verb: Verb): string {
  const what = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const where = typeof scope === 'string' ? scope : scope.namespace;
  return `${verb} ${what}${names === undefined ? '' : ` ${names.join()}`} in ${where}`;
}

// Takes out of what a server said all that differs from run to run, and from server to server for no fault of theirs: uids,
// versions, times, generated names, the places of the servers, and what controllers write whenever they get to it. Pure.

/** Values of these names are replaced. */
const words: Readonly<Record<string, string>> = { uid: '(uid)', resourceVersion: '(version)', continue: '(continue)' };
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Of tables: `12s`, `3m4s`. */
const age = /^(\d+[smhdy])+$/;

const publishedCa = 'kube-root-ca.crt';
const controllers = new Set([
  'kube-controller-manager',
  'kube-scheduler',
  'kube-apiserver',
  'deployment-controller',
  'namespace-controller',
]);
const annotations = new Set(['deployment.kubernetes.io/revision', 'node.alpha.kubernetes.io/ttl']);

const lists: Readonly<Record<string, (items: readonly unknown[]) => readonly unknown[]>> = {
  // a real API server says some causes twice
  causes: distinct,
  // in order of their second, which two servers do not share
  managedFields: (entries) => entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  // documentation, which nobody prints
  columnDefinitions: (columns) => columns.map((column) => without(column, 'description')),
};

/** `namespace` is the one of the case, in which all happens. */
export function normaliserFor(namespace: string): (value: unknown) => unknown {
  function text(value: string): string {
    if (time.test(value)) return '(time)';
    if (age.test(value)) return '(age)';
    return (
      value
        .replaceAll(namespace, '(namespace)')
        .replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, '(server)')
        .replaceAll(/[^\s"]{0,200}kubeconfig/g, '(kubeconfig)')
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(uid)')
        .replaceAll(/(resource ?[vV]ersion: )\d+( \(\d+\))?/g, '$1(version)')
        .replaceAll(/, current: \d+/g, ', current: (version)')
        .replaceAll(/(resourceVersion|continue)=(?!abc|nonsense)[\w-]+/g, '$1=(version)')
        // how a text is no token is told in the words of a language
        .replaceAll(/(continue key is not valid: ).*/g, '$1(why)')
        .replaceAll(/ResourceVersion in record \(\d+\)/g, 'ResourceVersion in record (version)')
    );
  }

  function list(name: string, items: readonly unknown[]): readonly unknown[] {
    const normal = items.filter((item) => !isOfController(item)).map(normalise);
    return lists[name]?.(normal) ?? normal;
  }

  function object(value: object): unknown {
    const isDeployment = 'kind' in value && value.kind === 'Deployment';
    const prefix = 'generateName' in value && typeof value.generateName === 'string' ? value.generateName : undefined;
    const entries = Object.entries(value)
      // null is how the types of Go say that there is nothing
      .filter(([name, member]) => member !== undefined && member !== null && !annotations.has(name))
      .filter(
        ([name, member]) =>
          !(name === 'status' && isDeployment) &&
          !(name === 'annotations' && isOfControllers(member)) &&
          !(name === 'details' && isNothing(member)) &&
          !(name === 'taints' && isEmptyOf(member)),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => {
        if (Object.hasOwn(words, name) && typeof member === 'string' && member !== '') return [name, words[name]];
        if (name === 'name' && prefix !== undefined && typeof member === 'string' && member.startsWith(prefix))
          return [name, `${prefix}(suffix)`];
        return [text(name), Array.isArray(member) ? list(name, member) : normalise(member)];
      });
    return Object.fromEntries(entries);
  }

  function normalise(value: unknown): unknown {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return list('', value);
    return typeof value === 'object' && value !== null ? object(value) : value;
  }
  return normalise;
}

function distinct(items: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(JSON.stringify(item)) && seen.add(JSON.stringify(item)));
}

function without(value: unknown, name: string): unknown {
  return { ...(value as object), [name]: undefined };
}

function isOfControllers(given: unknown): boolean {
  return typeof given === 'object' && given !== null && Object.keys(given).every((name) => annotations.has(name));
}

/** A real API server says of some refusals that there is nothing to say. */
function isNothing(details: unknown): boolean {
  return typeof details === 'object' && details !== null && Object.keys(details).length === 0;
}

function isEmptyOf(taints: unknown): boolean {
  return Array.isArray(taints) && taints.every(isOfController);
}

/** An entry of managedFields, or an object that a controller puts into every namespace. */
function isOfController(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  if ('manager' in item && typeof item.manager === 'string') return controllers.has(item.manager);
  if ('effect' in item && 'key' in item) return item.key === 'node.kubernetes.io/not-ready' && item.effect === 'NoSchedule';
  return 'metadata' in item && (item.metadata as { readonly name?: string }).name === publishedCa;
}

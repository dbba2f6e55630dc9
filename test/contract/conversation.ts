// What a case and a server said to each other, in a form that can be compared between two servers: what differs from run to run
// (uids, versions, times, generated names) is replaced by a word. Watches are not recorded: when their events come is luck, and
// the cases look at them themselves.
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Ask, HttpContext } from './contract-case.ts';

/** One call and its answer, both normalised. */
export interface Exchange {
  readonly call: string;
  answer: unknown;
}

export interface Recording {
  readonly context: HttpContext;
  readonly exchanges: readonly Exchange[];
}

export function record(context: HttpContext): Recording {
  const exchanges: Exchange[] = [];
  const normal = normaliserFor(context.namespace);

  async function note<T>(call: string, work: Promise<T>): Promise<T> {
    const exchange: Exchange = { call, answer: 'no answer' };
    exchanges.push(exchange);
    try {
      const answer = await work;
      exchange.answer = normal(answer);
      return answer;
    } catch (error) {
      exchange.answer = isKubeError(error)
        ? normal({ code: error.code, reason: error.reason, message: error.message, causes: error.causes, details: error.details })
        : String(error);
      throw error;
    }
  }

  const { api } = context;
  const text = (value: unknown): string => (value === undefined ? '' : ` ${JSON.stringify(normal(value))}`);
  const recording: KubeApi = {
    get: (resource, key, options) => note(`get ${resource.plural} ${normal(key.name) as string}`, api.get(resource, key, options)),
    list: (resource, where, options) => note(`list ${resource.plural}${text(where)}`, api.list(resource, where, options)),
    watch: (resource, where, options) => api.watch(resource, where, options),
    create: (resource, object, options) =>
      note(`create ${resource.plural}${text(object)}${text(options)}`, api.create(resource, object, options)),
    replace: (resource, object, options) =>
      note(`replace ${resource.plural}${text(object)}${text(options)}`, api.replace(resource, object, options)),
    patch: (resource, key, type, patch, options) =>
      note(
        `patch ${type} ${resource.plural} ${normal(key.name) as string}${text(patch)}${text(options)}`,
        api.patch(resource, key, type, patch, options),
      ),
    apply: (resource, object, options) =>
      note(`apply ${resource.plural}${text(object)}${text(options)}`, api.apply(resource, object, options)),
    remove: (resource, key, options) =>
      note(`remove ${resource.plural} ${normal(key.name) as string}${text(options)}`, api.remove(resource, key, options)),
    readLog: (key, options) => api.readLog(key, options),
  };
  const ask: Ask = (request) =>
    note(`${request.method ?? 'GET'} ${normal(request.path) as string}${text(request.body)}`, context.ask(request));
  return { context: { api: recording, ask, namespace: context.namespace }, exchanges };
}

const words: Readonly<Record<string, string>> = {
  uid: '(uid)',
  resourceVersion: '(version)',
  continue: '(continue)',
  resourceVersionMatch: '(match)',
};
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
// what controllers write comes when it comes
const publishedCa = 'kube-root-ca.crt';
const controllers = new Set(['kube-controller-manager', 'kube-scheduler', 'deployment-controller']);
const revisionAnnotation = 'deployment.kubernetes.io/revision';

function normaliserFor(namespace: string): (value: unknown) => unknown {
  const normaliseText = (text: string): string =>
    text
      .replaceAll(namespace, '(namespace)')
      .replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, '(server)')
      .replaceAll(/\S*kubeconfig/g, '(kubeconfig)')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(uid)')
      .replaceAll(/"(resourceVersion|continue)":"[^"]+"/g, '"$1":"(version)"')
      .replaceAll(/(resource ?[vV]ersion: )\d+( \(\d+\))?/g, '$1(version)')
      .replaceAll(/ResourceVersion in record \(\d+\)/g, 'ResourceVersion in record (version)');

  function normalise(value: unknown, generateName?: string): unknown {
    if (typeof value === 'string') return time.test(value) ? '(time)' : normaliseText(value);
    if (Array.isArray(value)) return value.filter((item) => !isOfController(item)).map((item) => normalise(item));
    if (typeof value !== 'object' || value === null) return value;
    const isDeployment = 'kind' in value && value.kind === 'Deployment';
    const prefix = 'generateName' in value && typeof value.generateName === 'string' ? value.generateName : generateName;
    const entries = Object.entries(value)
      .filter(([name, member]) => member !== undefined && name !== revisionAnnotation && !(name === 'status' && isDeployment))
      .filter(([name, member]) => !(name === 'annotations' && isRevisionOnly(member)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => {
        if (Object.hasOwn(words, name) && typeof member === 'string' && member !== '') return [name, words[name]];
        if (name === 'name' && prefix !== undefined && typeof member === 'string' && member.startsWith(prefix))
          return [name, `${prefix}(suffix)`];
        return [
          normaliseText(name),
          name === 'causes' && Array.isArray(member) ? distinct(member.map((cause) => normalise(cause))) : normalise(member),
        ];
      });
    return Object.fromEntries(entries) as unknown;
  }
  return (value) => normalise(value);
}

function isRevisionOnly(annotations: unknown): boolean {
  return typeof annotations === 'object' && annotations !== null && Object.keys(annotations).every((name) => name === revisionAnnotation);
}

/** A real API server says some causes twice. */
function distinct(items: readonly unknown[]): readonly unknown[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(JSON.stringify(item)) && seen.add(JSON.stringify(item)));
}

function isOfController(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  if ('manager' in item && typeof item.manager === 'string') return controllers.has(item.manager);
  return 'metadata' in item && (item.metadata as { readonly name?: string }).name === publishedCa;
}

/** Both sides of every exchange that differs, member by member; empty when they said the same. Pure. */
export function compareConversations(embedded: readonly Exchange[], real: readonly Exchange[]): string {
  const parts: string[] = [];
  for (let at = 0; at < Math.max(embedded.length, real.length); at += 1) {
    const [ours, theirs] = [embedded[at], real[at]];
    if (ours?.call !== theirs?.call) {
      parts.push(`call ${at + 1} is another one\n  embedded: ${ours?.call ?? '(none)'}\n  real:     ${theirs?.call ?? '(none)'}`);
      break;
    }
    const differences = listDifferences(ours?.answer, theirs?.answer, '');
    if (differences.length > 0) parts.push([ours?.call ?? '', ...differences].join('\n'));
  }
  return parts.join('\n\n');
}

function listDifferences(ours: unknown, theirs: unknown, path: string): string[] {
  if (isTree(ours) && isTree(theirs) && Array.isArray(ours) === Array.isArray(theirs)) {
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names].flatMap((name) => listDifferences(ours[name], theirs[name], `${path}.${name}`));
  }
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  return [`  ${path === '' ? 'answer' : path}`, `    embedded: ${show(ours)}`, `    real:     ${show(theirs)}`];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return value === undefined ? '(absent)' : JSON.stringify(value);
}

// What a case and a server said to each other, and how it differs from what another server said. Watches are not recorded: when
// their events come is luck, and the cases look at them themselves.
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Ask, HttpContext } from './contract-case.ts';
import { normaliserFor } from './normalise.ts';

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
  const ask: Ask = async (request) => {
    const call = `${request.method ?? 'GET'} ${normal(request.path) as string}${text(request.body)}`;
    if (!request.path.includes('watch=true')) return note(call, context.ask(request));
    const answer = await context.ask(request);
    return answer.status === 200 ? answer : note(call, Promise.resolve(answer));
  };
  return { context: { ...context, api: recording, ask }, exchanges };
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

const shownChars = 500;

function show(value: unknown): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > shownChars ? `${text.slice(0, shownChars)}... (${text.length} characters)` : text;
}

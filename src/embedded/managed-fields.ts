// metadata.managedFields: who owns which fields, kept up by every write. Turns the entries into field sets and back; the
// merge itself is in apply.ts. Pure; the time comes in as text.
import { KubeError } from '#kube/errors.ts';
import { mergeApplied, pruneApplied } from './apply.ts';
import {
  NO_FIELDS,
  compareFields,
  difference,
  equalFields,
  fieldsOf,
  formatFields,
  intersection,
  isEmptyTree,
  listPaths,
  parseFields,
  union,
  withoutUnder,
} from './field-ownership.ts';
import type { FieldTree } from './field-ownership.ts';
import { asArray, asObject, asText, equalJson, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { fieldsAsLastApplied, withLastApplied } from './last-applied.ts';
import type { Shape } from './list-types.ts';

export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: 'status' | 'scale';
  /** RFC 3339, seconds; '' for an entry that never changed the object. */
  readonly nowText: string;
}

interface Entry extends Writer {
  readonly operation: 'Apply' | 'Update';
  readonly fields: FieldTree;
}

/** Metadata that the server sets or that names the object: nobody owns it. */
const SERVER_METADATA = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
]);

/** One manager may not grow the list without end: the oldest Update entries become one, as in Kubernetes. */
const MAX_UPDATE_ENTRIES = 10;

function ownable(object: JsonObject): JsonObject {
  const metadata = Object.fromEntries(Object.entries(asObject(object['metadata'])).filter(([name]) => !SERVER_METADATA.has(name)));
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...content } = object;
  return { ...content, metadata };
}

function readEntries(object: JsonObject): Entry[] {
  return asArray(asObject(object['metadata'])['managedFields']).map((entry) => {
    const { manager, operation, apiVersion, time, fieldsV1, subresource } = asObject(entry);
    return {
      manager: asText(manager),
      operation: operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion: asText(apiVersion),
      nowText: asText(time),
      fields: parseFields(fieldsV1),
      ...(subresource === 'status' || subresource === 'scale' ? { subresource } : {}),
    };
  });
}

/** In the order of Kubernetes: applied ones first, then by time and manager. */
function compareEntries(a: Entry, b: Entry): number {
  const keyOf = ({ operation, nowText, manager, apiVersion, subresource }: Entry): readonly string[] => [
    operation,
    nowText,
    manager,
    apiVersion,
    subresource ?? '',
  ];
  const [keyA, keyB] = [keyOf(a), keyOf(b)];
  const at = keyA.findIndex((part, index) => part !== keyB[index]);
  return at < 0 ? 0 : (keyA[at] ?? '') < (keyB[at] ?? '') ? -1 : 1;
}

function writeEntries(entries: readonly Entry[]): JsonObject[] {
  return entries
    .filter(({ fields }) => !isEmptyTree(fields))
    .toSorted(compareEntries)
    .map(({ manager, operation, apiVersion, nowText, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(nowText === '' ? {} : { time: nowText }),
      fieldsType: 'FieldsV1',
      fieldsV1: formatFields(fields),
      ...(subresource === undefined ? {} : { subresource }),
    }));
}

function isBy(entry: Entry, operation: Entry['operation'], writer: Writer): boolean {
  return entry.operation === operation && entry.manager === writer.manager && entry.subresource === writer.subresource;
}

/** The entry with other fields; its time stays when they are the same, so that nothing changes when nothing changes. */
function withFields(entry: Entry, fields: FieldTree, nowText: string): Entry {
  return equalFields(entry.fields, fields) ? entry : { ...entry, fields, nowText };
}

/** managedFields after a creation that is not an apply: a change of the empty object of its kind. */
export function managedByCreate(empty: JsonObject, made: JsonObject, shape: Shape, writer: Writer): JsonObject[] {
  const { changed } = compareFields(ownable(empty), ownable(made), shape);
  return writeEntries([{ ...writer, operation: 'Update', fields: changed }]);
}

/** managedFields after an update that is not an apply: the writer owns what it changed, and nobody owns what is gone. */
export function managedByUpdate(before: JsonObject, after: JsonObject, shape: Shape, writer: Writer): JsonObject[] {
  const { changed, removed } = compareFields(ownable(before), ownable(after), shape);
  const entries = readEntries(before);
  if (!isTracked(entries, changed, writer)) {
    return writeEntries(entries);
  }
  const updated: Entry[] = entries.map((entry) => {
    const rest = withoutUnder(difference(entry.fields, changed), removed);
    const isOwn = isBy(entry, 'Update', writer);
    return isOwn
      ? withFields({ ...entry, apiVersion: writer.apiVersion }, union(withoutUnder(entry.fields, removed), changed), writer.nowText)
      : isEmptyTree(changed) && isEmptyTree(removed)
        ? entry
        : { ...entry, fields: rest };
  });
  if (!isEmptyTree(changed) && !entries.some((entry) => isBy(entry, 'Update', writer))) {
    updated.push({ ...writer, operation: 'Update', fields: changed });
  }
  return writeEntries(joinOldest(updated));
}

/** As in Kubernetes, an update of what nobody manages does not begin to; a Scale has only the managers of the number in it. */
function isTracked(entries: readonly Entry[], changed: FieldTree, { subresource }: Writer): boolean {
  return subresource === 'scale'
    ? isEmptyTree(changed) || entries.some(({ fields }) => !isEmptyTree(intersection(fields, changed)))
    : entries.length > 0;
}

function joinOldest(entries: readonly Entry[]): readonly Entry[] {
  const updates = entries.filter(({ operation }) => operation === 'Update').sort((a, b) => (a.nowText < b.nowText ? -1 : 1));
  const surplus = new Set(updates.slice(0, Math.max(0, updates.length - MAX_UPDATE_ENTRIES)));
  const [first] = surplus;
  if (first === undefined) {
    return entries;
  }
  const fields = [...surplus].reduce((all, entry) => union(all, entry.fields), NO_FIELDS);
  return [...entries.filter((entry) => !surplus.has(entry)), { ...first, manager: 'ancient-changes', fields }];
}

export interface ApplyInput {
  readonly live: JsonObject | undefined;
  readonly applied: JsonObject;
  readonly shape: Shape;
  readonly writer: Writer;
  readonly isForced: boolean;
}

/**
 * The object after server-side apply, with its managedFields. `applied` holds only what this apply may set (no status on the
 * object, nothing else on the status). Throws KubeError 409 with a cause per field that another manager owns and that would change.
 */
export function applyManaged({ live, applied, shape, writer, isForced }: ApplyInput): JsonObject {
  const liveContent = live === undefined ? {} : ownable(live);
  const appliedContent = ownable(applied);
  const entries = live === undefined ? [] : readEntries(live);
  const own = entries.find((entry) => isBy(entry, 'Apply', writer));
  const others = entries.filter((entry) => entry !== own);
  const now = fieldsGiven(appliedContent, shape);
  const merged = asObject(mergeApplied(liveContent, appliedContent, shape));
  const { changed } = compareFields(liveContent, merged, shape);
  const disputes = others
    .map((entry) => ({ entry, fields: intersection(changed, entry.fields) }))
    .filter(({ fields }) => !isEmptyTree(fields));
  const free = live === undefined ? NO_FIELDS : fieldsAsLastApplied(live, writer.manager, shape, ownable);
  const lost = disputes.flatMap(({ entry, fields }) => {
    const left = difference(fields, free);
    return isEmptyTree(left) ? [] : [{ entry, fields: left }];
  });
  if (lost.length > 0 && !isForced) {
    throw conflictOf(lost);
  }
  const remaining = others.map((entry) => {
    const taken = disputes.find((dispute) => dispute.entry === entry);
    return taken === undefined ? entry : { ...entry, fields: difference(entry.fields, taken.fields) };
  });
  const content = pruneApplied({ merged, before: own?.fields ?? NO_FIELDS, now, others: remaining.map(({ fields }) => fields), shape });
  // as in Kubernetes, only an apply that changes the object has a time
  const isChange = live === undefined || !equalJson(content, liveContent);
  const nowText = isChange ? writer.nowText : (own?.nowText ?? '');
  const mine: Entry = { ...writer, nowText, operation: 'Apply', fields: now };
  const kept =
    own === undefined ? [...remaining, mine] : entries.map((entry) => (entry === own ? mine : (remaining[others.indexOf(entry)] ?? entry)));
  const identity = asObject((live ?? applied)['metadata']);
  const server = Object.fromEntries(Object.entries(identity).filter(([name]) => SERVER_METADATA.has(name)));
  const { metadata, ...rest } = content;
  const object = {
    apiVersion: applied['apiVersion'],
    kind: applied['kind'],
    metadata: { ...server, ...asObject(metadata), managedFields: writeEntries(kept) },
    ...rest,
  };
  return withLastApplied(object, applied, writer.manager);
}

/** Metadata that says nothing but the name is not a field. */
function fieldsGiven(applied: JsonObject, shape: Shape): FieldTree {
  const { metadata, ...rest } = applied;
  const given = Object.keys(asObject(metadata)).length === 0 ? rest : applied;
  return Object.keys(given).length === 0 ? NO_FIELDS : fieldsOf(given, shape);
}

function conflictOf(disputes: readonly { readonly entry: Entry; readonly fields: FieldTree }[]): KubeError {
  const causes = disputes.flatMap(({ entry, fields }) => {
    const using =
      entry.operation === 'Apply'
        ? ''
        : ` using ${entry.apiVersion}${entry.subresource === undefined ? '' : ` (subresource ${entry.subresource})`}`;
    return listPaths(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${entry.manager}"${using}`,
      field,
    }));
  });
  const byManager = Map.groupBy(causes, ({ message }) => message);
  const [only] = causes;
  const text =
    causes.length === 1
      ? `${only?.message ?? ''}: ${only?.field ?? ''}`
      : [...byManager]
          .map(([message, ofOne]) => `${message.replace('conflict', 'conflicts')}:\n${ofOne.map(({ field }) => `- ${field}`).join('\n')}`)
          .join('\n');
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`;
  return new KubeError({ code: 409, reason: 'Conflict', message: `Apply failed with ${count}: ${text}`, causes });
}

/** Managed fields as a caller may send them: only well-formed entries, or none at all to reset them. */
export function isManagedFieldsReset(object: JsonObject): boolean {
  const fields = asObject(object['metadata'])['managedFields'];
  return Array.isArray(fields) && fields.length === 1 && isJsonObject(fields[0]) && Object.keys(fields[0]).length === 0;
}

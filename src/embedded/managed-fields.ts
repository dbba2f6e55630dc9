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
import { asArray, asObject, asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { Shape } from './list-types.ts';

export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: 'status' | 'scale';
  /** RFC 3339, seconds. */
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
  return Object.keys(metadata).length === 0 ? content : { ...content, metadata };
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

function writeEntries(entries: readonly Entry[]): JsonObject[] {
  return entries
    .filter(({ fields }) => !isEmptyTree(fields))
    .map(({ manager, operation, apiVersion, nowText, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      time: nowText,
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

/** managedFields after a write that is not an apply: the writer owns what it changed, and nobody owns what is gone. */
export function managedByUpdate(before: JsonObject | undefined, after: JsonObject, shape: Shape, writer: Writer): JsonObject[] {
  const { changed, removed } = compareFields(before === undefined ? {} : ownable(before), ownable(after), shape);
  const entries = before === undefined ? [] : readEntries(before);
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
  const now = Object.keys(appliedContent).length === 0 ? NO_FIELDS : fieldsOf(appliedContent, shape);
  const merged = asObject(mergeApplied(liveContent, appliedContent, shape));
  const { changed } = compareFields(liveContent, merged, shape);
  const disputes = others
    .map((entry) => ({ entry, fields: intersection(changed, entry.fields) }))
    .filter(({ fields }) => !isEmptyTree(fields));
  if (disputes.length > 0 && !isForced) {
    throw conflictOf(disputes);
  }
  const remaining = others.map((entry) => {
    const lost = disputes.find((dispute) => dispute.entry === entry);
    return lost === undefined ? entry : { ...entry, fields: difference(entry.fields, lost.fields) };
  });
  const content = pruneApplied({ merged, before: own?.fields ?? NO_FIELDS, now, others: remaining.map(({ fields }) => fields), shape });
  const mine: Entry =
    own === undefined
      ? { ...writer, operation: 'Apply', fields: now }
      : withFields({ ...own, apiVersion: writer.apiVersion }, now, writer.nowText);
  const kept =
    own === undefined ? [...remaining, mine] : entries.map((entry) => (entry === own ? mine : (remaining[others.indexOf(entry)] ?? entry)));
  const identity = asObject((live ?? applied)['metadata']);
  const server = Object.fromEntries(Object.entries(identity).filter(([name]) => SERVER_METADATA.has(name)));
  const { metadata, ...rest } = content;
  return {
    apiVersion: applied['apiVersion'],
    kind: applied['kind'],
    metadata: { ...server, ...asObject(metadata), managedFields: writeEntries(kept) },
    ...rest,
  };
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
  const byManager = new Map<string, string[]>();
  for (const { message, field } of causes) {
    byManager.set(message, [...(byManager.get(message) ?? []), field]);
  }
  const text = [...byManager]
    .map(([message, fields]) => (fields.length === 1 ? `${message}: ${fields[0] ?? ''}` : `${message}:\n- ${fields.join('\n- ')}`))
    .join('\n');
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`;
  return new KubeError({ code: 409, reason: 'Conflict', message: `Apply failed with ${count}: ${text}`, causes });
}

/** Managed fields as a caller may send them: only well-formed entries, or none at all to reset them. */
export function isManagedFieldsReset(object: JsonObject): boolean {
  const fields = asObject(object['metadata'])['managedFields'];
  return Array.isArray(fields) && fields.length === 1 && isJsonObject(fields[0]) && Object.keys(fields[0]).length === 0;
}

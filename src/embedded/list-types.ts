// How lists and maps merge: as one value (atomic), as a set, or by the keys of their items. The schema of the kind says it.
import { builtInSchema, objectMetaSchema } from './built-in-schemas.ts';
import type { BuiltInSchema } from './built-in-schemas.ts';
import { isJsonObject } from './json-values.ts';
import type { Served } from './registry.ts';
import { memberSchema } from './schema.ts';
import type { JsonSchema } from './schema.ts';

/** What is known of a value at one place of an object. */
export interface Shape {
  readonly list: 'atomic' | 'set' | 'map';
  /** Keys of the items when `list` is 'map'. */
  readonly keys: readonly string[];
  /** Values of keys that an item may leave out. */
  readonly keyDefaults: Readonly<Record<string, unknown>>;
  /** An object that has one owner as a whole. */
  readonly isAtomicMap: boolean;
  /** What a strategic patch does with a list: another question than who owns its items, with other answers. */
  readonly patchList: 'replace' | 'set' | { readonly key: string };
  member(name: string): Shape;
  item(): Shape;
}

/** The shape of a built-in kind. */
export function builtInShape({ type, version }: Served): Shape {
  const shape = fromSchema(builtInSchema(type.group, version.name, type.kind));
  return { ...shape, isAtomicMap: false };
}

/** The shape of a custom resource. */
export function customShape(schema: JsonSchema | undefined): Shape {
  const root = fromSchema(schema);
  return { ...root, isAtomicMap: false, member: (name) => (name === 'metadata' ? fromSchema(objectMetaSchema()) : root.member(name)) };
}

/** Of a preserved unknown value nothing is known: objects merge, lists are one value. */
const UNKNOWN: Shape = {
  list: 'atomic',
  keys: [],
  keyDefaults: {},
  isAtomicMap: false,
  patchList: 'replace',
  member: () => UNKNOWN,
  item: () => UNKNOWN,
};

function fromSchema(schema: BuiltInSchema | undefined): Shape {
  if (schema === undefined) {
    return UNKNOWN;
  }
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keyDefaults = Object.fromEntries(
    keys.flatMap((key) => {
      const value = schema.items?.properties?.[key]?.default;
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return {
    list: schema['x-kubernetes-list-type'] ?? 'atomic',
    keys,
    keyDefaults,
    isAtomicMap: schema['x-kubernetes-map-type'] === 'atomic',
    ...patchStrategy(schema),
    member: (name) => fromSchema(memberSchema(schema, name)),
    item: () => fromSchema(schema.items),
  };
}

function patchStrategy(schema: BuiltInSchema): Pick<Shape, 'patchList'> {
  const strategies = (schema['x-kubernetes-patch-strategy'] ?? '').split(',');
  const key = schema['x-kubernetes-patch-merge-key'];
  return {
    patchList: strategies.includes('merge') ? (key === undefined ? 'set' : { key }) : 'replace',
  };
}

/** The path element of a list item in FieldsV1: `k:{...}` or `v:...`; undefined when the item lacks a key. */
export function itemElement(list: Shape, item: unknown): string | undefined {
  if (list.list === 'set') {
    return `v:${JSON.stringify(item)}`;
  }
  if (typeof item !== 'object' || item === null) {
    return undefined;
  }
  const fields: Record<string, unknown> = {};
  for (const key of [...list.keys].sort()) {
    const value = (item as Record<string, unknown>)[key] ?? list.keyDefaults[key];
    if (value === undefined) {
      // A key may be absent (a Service port without protocol) as long as another one identifies the item.
      continue;
    }
    fields[key] = value;
  }
  return Object.keys(fields).length === 0 ? undefined : `k:${JSON.stringify(fields)}`;
}

/** What an item was before an update: only items of lists with map keys can be told to be the same ones. */
export function itemsBefore(schema: JsonSchema, before: unknown): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined || !Array.isArray(before)) {
    return () => undefined;
  }
  const list = { list: 'map', keys, keyDefaults: {} } as unknown as Shape;
  const items = new Map((before as unknown[]).map((item) => [itemElement(list, item), item]));
  return (item) => (isJsonObject(item) ? items.get(itemElement(list, item)) : undefined);
}

// How lists and maps merge: as one value (atomic), as a set, or by the keys of their items. For custom resources the schema
// says it; for the built-in kinds a table by field name does (Kubernetes API reference: patch merge keys and list types).
import { isJsonObject } from './json-values.ts';
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
  member(name: string): Shape;
  item(): Shape;
}

const SETS = new Set(['finalizers']);
const ATOMIC_MAPS = new Set([
  'selector',
  'labelSelector',
  'namespaceSelector',
  'podSelector',
  'nodeSelector',
  'secretKeyRef',
  'configMapKeyRef',
  'fieldRef',
  'resourceFieldRef',
  'involvedObject',
  'scaleTargetRef',
]);
const ATOMIC_ITEM_LISTS = new Set(['ownerReferences', 'imagePullSecrets', 'secrets']);
const MAP_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  conditions: ['type'],
  addresses: ['type'],
  ownerReferences: ['uid'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  podIPs: ['ip'],
  hostIPs: ['ip'],
};
const ATOMIC_ITEM: Shape = shape({ isAtomicMap: true });

function shape(known: Partial<Shape>): Shape {
  const made: Shape = {
    list: 'atomic',
    keys: [],
    keyDefaults: {},
    isAtomicMap: false,
    member: (name) => builtInMember(name, ''),
    item: () => made,
    ...known,
  };
  return made;
}

function builtInMember(name: string, parent: string): Shape {
  const member = (child: string): Shape => builtInMember(child, name);
  if (SETS.has(name)) {
    return shape({ list: 'set' });
  }
  if (name === 'ports' && parent !== 'ingress' && parent !== 'egress') {
    const keys = parent === 'containers' || parent === 'initContainers' ? ['containerPort', 'protocol'] : ['port', 'protocol'];
    return shape({ list: 'map', keys, keyDefaults: { protocol: 'TCP' }, item: () => shape({ member }), member });
  }
  const keys = Object.hasOwn(MAP_KEYS, name) ? MAP_KEYS[name] : undefined;
  if (keys !== undefined) {
    const item = (): Shape => (ATOMIC_ITEM_LISTS.has(name) ? ATOMIC_ITEM : shape({ member }));
    return shape({ list: 'map', keys, item, member });
  }
  return shape({ isAtomicMap: ATOMIC_MAPS.has(name), member, item: () => shape({ member }) });
}

/** The shape of a built-in kind, and of every object's metadata. */
export const builtInShape: Shape = shape({});

/** The shape of a custom resource. */
export function customShape(schema: JsonSchema | undefined): Shape {
  const root = fromSchema(schema);
  return { ...root, isAtomicMap: false, member: (name) => (name === 'metadata' ? builtInMember(name, '') : root.member(name)) };
}

function fromSchema(schema: JsonSchema | undefined): Shape {
  if (schema === undefined) {
    // Of a preserved unknown value nothing is known: objects merge, lists are one value.
    const unknown: Shape = { list: 'atomic', keys: [], keyDefaults: {}, isAtomicMap: false, member: () => unknown, item: () => unknown };
    return unknown;
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
    member: (name) => fromSchema(memberSchema(schema, name)),
    item: () => fromSchema(schema.items),
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

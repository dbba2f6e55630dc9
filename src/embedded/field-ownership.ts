// Sets of fields as Kubernetes writes them in managedFields (FieldsV1): a tree whose edges are `f:name`, `k:{keys}` and
// `v:value`. Pure set arithmetic, and the sets of an object and of the difference of two. Source: structured-merge-diff.
import { equalJson, isJsonObject } from './json-values.ts';
import { itemElement } from './list-types.ts';
import type { Shape } from './list-types.ts';

/** Immutable. `isMember`: the field itself is in the set; a member without children is a leaf. */
export interface FieldTree {
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldTree>;
}

export const NO_FIELDS: FieldTree = { isMember: false, children: new Map() };
const LEAF: FieldTree = { isMember: true, children: new Map() };

export function isEmptyTree(tree: FieldTree | undefined): boolean {
  return tree === undefined || (!tree.isMember && tree.children.size === 0);
}

export function parseFields(fields: unknown): FieldTree {
  const node = isJsonObject(fields) ? fields : {};
  const children = new Map<string, FieldTree>();
  for (const [element, child] of Object.entries(node)) {
    if (element !== '.') {
      const parsed = parseFields(child);
      children.set(element, parsed.children.size === 0 ? LEAF : parsed);
    }
  }
  return { isMember: Object.hasOwn(node, '.'), children };
}

export function formatFields(tree: FieldTree): Record<string, unknown> {
  const formatted: Record<string, unknown> = {};
  if (tree.isMember && tree.children.size > 0) {
    formatted['.'] = {};
  }
  for (const element of [...tree.children.keys()].sort()) {
    const child = tree.children.get(element);
    if (child !== undefined) {
      formatted[element] = formatFields(child);
    }
  }
  return formatted;
}

function combine(a: FieldTree | undefined, b: FieldTree | undefined, isIn: (a: boolean, b: boolean) => boolean): FieldTree | undefined {
  const children = new Map<string, FieldTree>();
  for (const element of new Set([...(a?.children.keys() ?? []), ...(b?.children.keys() ?? [])])) {
    const child = combine(a?.children.get(element), b?.children.get(element), isIn);
    if (child !== undefined) {
      children.set(element, child);
    }
  }
  const isMember = isIn(a?.isMember ?? false, b?.isMember ?? false);
  return isMember || children.size > 0 ? { isMember, children } : undefined;
}

export function union(a: FieldTree, b: FieldTree): FieldTree {
  return combine(a, b, (inA, inB) => inA || inB) ?? NO_FIELDS;
}

export function difference(a: FieldTree, b: FieldTree): FieldTree {
  return combine(a, b, (inA, inB) => inA && !inB) ?? NO_FIELDS;
}

export function intersection(a: FieldTree, b: FieldTree): FieldTree {
  return combine(a, b, (inA, inB) => inA && inB) ?? NO_FIELDS;
}

export function equalFields(a: FieldTree, b: FieldTree): boolean {
  return isEmptyTree(difference(a, b)) && isEmptyTree(difference(b, a));
}

/** Fields under `tree` that are only reached through a member of `cover` count as covered too: a removed item takes all it holds. */
export function withoutUnder(tree: FieldTree, cover: FieldTree): FieldTree {
  const children = new Map<string, FieldTree>();
  for (const [element, child] of tree.children) {
    const over = cover.children.get(element);
    if (over === undefined) {
      children.set(element, child);
    } else if (!over.isMember) {
      const rest = withoutUnder(child, over);
      if (!isEmptyTree(rest)) {
        children.set(element, rest);
      }
    }
  }
  return { isMember: tree.isMember && !cover.isMember, children };
}

/** Members as printable paths, e.g. `.spec.containers[name="a"].image`. */
export function listPaths(tree: FieldTree, prefix = ''): string[] {
  const paths = tree.isMember && prefix !== '' ? [prefix] : [];
  for (const [element, child] of tree.children) {
    paths.push(...listPaths(child, prefix + formatElement(element)));
  }
  return paths;
}

function formatElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) {
    return `.${rest}`;
  }
  if (element.startsWith('v:')) {
    return `[=${rest}]`;
  }
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

/** Whether a value is owned member by member rather than as a whole. */
export function isGranular(value: unknown, shape: Shape): boolean {
  if (Array.isArray(value)) {
    return shape.list !== 'atomic' && value.every((item) => itemElement(shape, item) !== undefined);
  }
  return isJsonObject(value) && !shape.isAtomicMap;
}

/** Elements and values of a granular value; undefined members do not exist. */
export function elementsOf(value: unknown, shape: Shape): Map<string, { readonly value: unknown; readonly shape: Shape }> {
  const elements = new Map<string, { value: unknown; shape: Shape }>();
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      elements.set(itemElement(shape, item) ?? '', { value: item, shape: shape.item() });
    }
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) {
        elements.set(`f:${name}`, { value: member, shape: shape.member(name) });
      }
    }
  }
  return elements;
}

/** All fields a value says something about: leaves, empty objects, and the items of keyed lists. */
export function fieldsOf(value: unknown, shape: Shape): FieldTree {
  if (!isGranular(value, shape)) {
    return LEAF;
  }
  const elements = elementsOf(value, shape);
  if (elements.size === 0) {
    return LEAF;
  }
  const isList = Array.isArray(value);
  const children = new Map<string, FieldTree>();
  for (const [element, child] of elements) {
    const fields = fieldsOf(child.value, child.shape);
    children.set(element, isList && !fields.isMember ? { ...fields, isMember: true } : fields);
  }
  return { isMember: false, children };
}

/** Every place of a value, parents too: who brings a whole object owns that it is there. */
function placesOf(value: unknown, shape: Shape): FieldTree {
  const elements = isGranular(value, shape) ? elementsOf(value, shape) : new Map<string, never>();
  if (elements.size === 0) {
    return LEAF;
  }
  return { isMember: true, children: new Map([...elements].map(([element, child]) => [element, placesOf(child.value, child.shape)])) };
}

export interface FieldDifference {
  /** Added or modified, in the new value. */
  readonly changed: FieldTree;
  /** In the old value only. */
  readonly removed: FieldTree;
}

/** What differs between two values of the same place. */
export function compareFields(before: unknown, after: unknown, shape: Shape): FieldDifference {
  if (equalJson(before, after)) {
    return { changed: NO_FIELDS, removed: NO_FIELDS };
  }
  if (before === undefined || after === undefined) {
    return {
      changed: after === undefined ? NO_FIELDS : placesOf(after, shape),
      removed: before === undefined ? NO_FIELDS : placesOf(before, shape),
    };
  }
  if (!isGranular(before, shape) || !isGranular(after, shape) || Array.isArray(before) !== Array.isArray(after)) {
    return { changed: fieldsOf(after, shape), removed: difference(fieldsOf(before, shape), fieldsOf(after, shape)) };
  }
  const changed = new Map<string, FieldTree>();
  const removed = new Map<string, FieldTree>();
  const old = elementsOf(before, shape);
  const now = elementsOf(after, shape);
  for (const element of new Set([...old.keys(), ...now.keys()])) {
    const was = old.get(element);
    const is = now.get(element);
    const found = compareFields(was?.value, is?.value, (is ?? was)?.shape ?? shape);
    if (!isEmptyTree(found.changed)) {
      changed.set(element, found.changed);
    }
    if (!isEmptyTree(found.removed)) {
      removed.set(element, found.removed);
    }
  }
  return { changed: { isMember: false, children: changed }, removed: { isMember: false, children: removed } };
}

// The merge of server-side apply: what the object becomes when a manager applies a configuration, and which fields of other
// managers stand in the way. Pure; knows no kinds. Source: Kubernetes "Server-Side Apply", structured-merge-diff.
import { difference, elementsOf, isEmptyTree, isGranular, union } from './field-ownership.ts';
import type { FieldTree } from './field-ownership.ts';
import { isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { itemElement } from './list-types.ts';
import type { Shape } from './list-types.ts';

/** Lays an applied value over the live one: what is applied wins, what is not mentioned stays. */
export function mergeApplied(live: unknown, applied: unknown, shape: Shape): unknown {
  if (live === undefined || !isGranular(live, shape) || !isGranular(applied, shape) || Array.isArray(live) !== Array.isArray(applied)) {
    return applied;
  }
  if (Array.isArray(live) && Array.isArray(applied)) {
    return mergeLists(live as unknown[], applied as unknown[], shape);
  }
  const merged: JsonObject = { ...(live as JsonObject) };
  for (const [name, value] of Object.entries(applied as JsonObject)) {
    setMember(merged, name, mergeApplied(merged[name], value, shape.member(name)));
  }
  return merged;
}

/** Applied items come in their own order; live items that are not applied keep their place among their neighbours. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], shape: Shape): unknown[] {
  const liveItems = new Map(live.map((item) => [itemElement(shape, item), item]));
  const appliedElements = new Set(applied.map((item) => itemElement(shape, item)));
  const merged: unknown[] = [];
  let at = 0;
  const takeUnapplied = (): void => {
    while (at < live.length && !appliedElements.has(itemElement(shape, live[at]))) {
      merged.push(live[at]);
      at++;
    }
  };
  for (const item of applied) {
    const element = itemElement(shape, item);
    takeUnapplied();
    if (at < live.length && itemElement(shape, live[at]) === element) {
      at++;
    }
    merged.push(mergeApplied(liveItems.get(element), item, shape.item()));
  }
  for (; at < live.length; at++) {
    if (!appliedElements.has(itemElement(shape, live[at]))) {
      merged.push(live[at]);
    }
  }
  return merged;
}

/**
 * Removes the fields of `gone` from a value, except what `kept` (the fields that somebody still owns) names below them.
 * Objects that become empty by it go too. Returns undefined when nothing is left.
 */
export function removeFields(value: unknown, gone: FieldTree, kept: FieldTree | undefined, shape: Shape): unknown {
  if (gone.children.size === 0 || !isGranular(value, shape)) {
    return value;
  }
  const left = new Map<string, unknown>();
  for (const [element, child] of elementsOf(value, shape)) {
    const goneHere = gone.children.get(element);
    const keptHere = kept?.children.get(element);
    if (goneHere === undefined) {
      left.set(element, child.value);
    } else if (goneHere.isMember && (keptHere === undefined || isEmptyTree(keptHere))) {
      continue;
    } else {
      const rest = removeFields(child.value, goneHere, keptHere, child.shape);
      if (rest !== undefined) {
        left.set(element, rest);
      }
    }
  }
  if (left.size === 0) {
    return kept !== undefined && !isEmptyTree(kept) ? (Array.isArray(value) ? [] : {}) : undefined;
  }
  return Array.isArray(value) ? [...left.values()] : fromMembers(left);
}

function fromMembers(members: ReadonlyMap<string, unknown>): JsonObject {
  const object: JsonObject = {};
  for (const [element, member] of members) {
    setMember(object, element.slice(2), member);
  }
  return object;
}

export interface PrunedApply {
  /** The live object with the applied configuration over it. */
  readonly merged: JsonObject;
  /** What the manager applied the last time. */
  readonly before: FieldTree;
  /** What it applies now. */
  readonly now: FieldTree;
  readonly others: readonly FieldTree[];
  readonly shape: Shape;
}

/** Takes out what the manager applied before, does not apply now, and nobody else owns. */
export function pruneApplied({ merged, before, now, others, shape }: PrunedApply): JsonObject {
  const kept = others.reduce((all, one) => union(all, one), now);
  const gone = difference(before, kept);
  if (isEmptyTree(gone)) {
    return merged;
  }
  const pruned = removeFields(merged, gone, kept, shape);
  return isJsonObject(pruned) ? pruned : {};
}

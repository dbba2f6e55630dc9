// Strategic merge patch for the built-in kinds: how a list merges is what its schema says. Pure. Source: Kubernetes API conventions, "strategic merge patch" ($patch, $retainKeys, $deleteFromPrimitiveList).
import { copyJson, isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { Shape } from './list-types.ts';

const DELETE_FROM = '$deleteFromPrimitiveList/';

/** A new object; the target is not changed. */
export function strategicPatch(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  return patchObject(target, patch, shape);
}

function isDirective(name: string): boolean {
  return name === '$patch' || name === '$retainKeys' || name.startsWith('$setElementOrder/') || name.startsWith(DELETE_FROM);
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !isDirective(name)));
}

function patchObject(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  if (patch['$patch'] === 'replace') {
    return copyJson(withoutDirectives(patch));
  }
  if (patch['$patch'] === 'delete') {
    return {};
  }
  const retained = Array.isArray(patch['$retainKeys']) ? new Set(patch['$retainKeys'] as unknown[]) : undefined;
  const merged: JsonObject = Object.fromEntries(Object.entries(target).filter(([name]) => retained?.has(name) ?? true));
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(DELETE_FROM) && Array.isArray(value)) {
      const list = merged[name.slice(DELETE_FROM.length)];
      const gone = new Set(value as unknown[]);
      if (Array.isArray(list)) {
        merged[name.slice(DELETE_FROM.length)] = (list as unknown[]).filter((item) => !gone.has(item));
      }
    } else if (!isDirective(name)) {
      patchMember(merged, name, value, shape.member(name));
    }
  }
  return merged;
}

function patchMember(merged: JsonObject, name: string, value: unknown, shape: Shape): void {
  const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
  if (value === null) {
    delete merged[name];
  } else if (isJsonObject(value)) {
    if (value['$patch'] === 'delete') {
      delete merged[name];
    } else {
      setMember(merged, name, patchObject(isJsonObject(before) ? before : {}, value, shape));
    }
  } else if (Array.isArray(value) && shape.patchList !== 'replace') {
    setMember(merged, name, patchList(Array.isArray(before) ? (before as unknown[]) : [], value as unknown[], shape));
  } else {
    setMember(merged, name, copyJson(value));
  }
}

function patchList(target: readonly unknown[], patch: readonly unknown[], shape: Shape): unknown[] {
  const isReplaced = patch.some((item) => isJsonObject(item) && item['$patch'] === 'replace');
  if (isReplaced) {
    return patch.filter((item) => !(isJsonObject(item) && item['$patch'] === 'replace')).map((item) => copyJson(item));
  }
  if (typeof shape.patchList === 'string') {
    return [...target, ...patch.filter((item) => !target.includes(item))];
  }
  const { key } = shape.patchList;
  const merged = [...target];
  for (const item of patch) {
    if (!isJsonObject(item)) {
      continue;
    }
    const at = merged.findIndex((one) => isJsonObject(one) && one[key] === item[key]);
    const before = merged[at];
    if (item['$patch'] === 'delete') {
      if (at >= 0) {
        merged.splice(at, 1);
      }
    } else if (isJsonObject(before)) {
      merged[at] = patchObject(before, item, shape.item());
    } else {
      merged.push(patchObject({}, item, shape.item()));
    }
  }
  return merged;
}

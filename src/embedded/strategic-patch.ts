// Strategic merge patch for the built-in kinds: how a list merges is what its schema says. Pure. Source: Kubernetes API conventions,
// "strategic merge patch" ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList); order and words of k8s.io/apimachinery
// strategicpatch.
import { KubeError } from '#kube/errors.ts';
import { goText } from './go-text.ts';
import { asArray, copyJson, isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { Shape } from './list-types.ts';
import { badRequest } from './refusals.ts';

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** A new object; the target is not changed. Throws 400 and, as a real API server, 500 for directives that make no sense. */
export function strategicPatch(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  return patchObject(target, patch, shape);
}

function isDirective(name: string): boolean {
  return name === '$patch' || name === '$retainKeys' || name.startsWith(ORDER) || name.startsWith(DELETE_FROM);
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
  if (patch['$patch'] !== undefined && patch['$patch'] !== 'merge') {
    throw senseless(`unknown patch type: ${goText(patch['$patch'])} in map: ${goText(patch)}`);
  }
  const retained = retainedKeys(patch);
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
  for (const [name, order] of Object.entries(patch)) {
    const list = name.slice(ORDER.length);
    if (name.startsWith(ORDER) && Array.isArray(order) && Array.isArray(merged[list])) {
      checkOrder(patch[list], order as unknown[], shape.member(list));
      merged[list] = inOrder(merged[list] as unknown[], order as unknown[], asArray(target[list]), shape.member(list));
    }
  }
  return merged;
}

function senseless(message: string): KubeError {
  return new KubeError({ code: 500, reason: 'InternalError', message });
}

function retainedKeys(patch: JsonObject): ReadonlySet<unknown> | undefined {
  if (!Array.isArray(patch['$retainKeys'])) {
    return undefined;
  }
  const retained = new Set(patch['$retainKeys'] as unknown[]);
  if (Object.entries(patch).some(([name, value]) => !isDirective(name) && value !== null && !retained.has(name))) {
    throw badRequest('invalid patch format of retainKeys');
  }
  return retained;
}

/** A list is patched in the order that the patch itself wants. */
function checkOrder(patched: unknown, wanted: readonly unknown[], { patchList }: Shape): void {
  const nameOf = nameIn(patchList);
  const names = wanted.map(nameOf);
  const items = asArray(patched).filter((item) => !(isJsonObject(item) && item['$patch'] === 'delete'));
  const places = items.map((item) => names.indexOf(nameOf(item)));
  if (places.some((place, at) => place < 0 || place < (places[at - 1] ?? 0))) {
    throw senseless(`The order in patch list:\n${goText(items)}\n doesn't match $setElementOrder list:\n${goText(wanted)}\n`);
  }
}

/** What tells an item of a list from the others. */
function nameIn(patchList: Shape['patchList']): (item: unknown) => string {
  return (item) => JSON.stringify(typeof patchList === 'object' && isJsonObject(item) ? item[patchList.key] : item);
}

/** What the patch names comes as it names it, and before what only the server has, unless that was before it there. */
function inOrder(items: readonly unknown[], wanted: readonly unknown[], before: readonly unknown[], { patchList }: Shape): unknown[] {
  const nameOf = nameIn(patchList);
  const placesIn = (list: readonly unknown[]): ReadonlyMap<string, number> => new Map(list.map((item, at) => [nameOf(item), at]));
  const [places, former] = [placesIn(wanted), placesIn(before)];
  const placeOf = (item: unknown): number => places.get(nameOf(item)) ?? -1;
  const named = items.filter((item) => placeOf(item) >= 0).toSorted((a, b) => placeOf(a) - placeOf(b));
  const others = items.filter((item) => placeOf(item) < 0);
  const ordered: unknown[] = [];
  for (const item of named) {
    const at = former.get(nameOf(item)) ?? -1;
    while (others.length > 0 && (former.get(nameOf(others[0])) ?? at) < at) {
      ordered.push(others.shift());
    }
    ordered.push(item);
  }
  return [...ordered, ...others];
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
    return inOrder([...target, ...patch.filter((item) => !target.includes(item))], patch, target, shape);
  }
  const { key } = shape.patchList;
  const merged = [...target];
  for (const item of patch) {
    if (!isJsonObject(item)) {
      continue;
    }
    if (item[key] === undefined) {
      throw senseless(`map: ${goText(item)} does not contain declared merge key: ${key}`);
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
  return inOrder(merged, patch, target, shape);
}

// JSON merge patch, RFC 7386. Pure.
import { copyJson, isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';

/** A new value; the target is not changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) {
    return copyJson(patch);
  }
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[name];
    } else {
      setMember(merged, name, mergePatch(Object.hasOwn(merged, name) ? merged[name] : undefined, value));
    }
  }
  return merged;
}

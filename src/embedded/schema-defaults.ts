// Pruning of unknown fields and filling in of defaults by a structural schema. Both copy only what they change, so that an
// object that needs neither is returned as it is. Pure.
import { copyJson, isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { keepsUnknown, memberPath, memberSchema } from './schema.ts';
import type { JsonSchema } from './schema.ts';

const ROOT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Drops fields the schema does not know and names each in `unknown`. Type metadata at the root is always kept. */
export function pruneObject(schema: JsonSchema, object: JsonObject, unknown: string[]): JsonObject {
  return prune(schema, object, '', unknown, true) as JsonObject;
}

function prune(schema: JsonSchema, value: unknown, path: string, unknown: string[], isResource: boolean): unknown {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined
      ? value
      : mapItems(value as unknown[], (item, at) => prune(items, item, `${path}[${at}]`, unknown, isEmbedded(items)));
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const kept: JsonObject = {};
  let isChanged = false;
  for (const [name, member] of Object.entries(value)) {
    if (isResource && ROOT_FIELDS.has(name)) {
      setMember(kept, name, member);
      continue;
    }
    const child = memberSchema(schema, name);
    if (child === undefined && !keepsUnknown(schema)) {
      unknown.push(memberPath(schema, path, name));
      isChanged = true;
      continue;
    }
    const pruned = child === undefined ? member : prune(child, member, memberPath(schema, path, name), unknown, isEmbedded(child));
    isChanged ||= pruned !== member;
    setMember(kept, name, pruned);
  }
  return isChanged ? kept : value;
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** Fills in defaults wherever a member is absent (or null where null is not allowed); the input is not changed. */
export function defaultObject(schema: JsonSchema, object: JsonObject): JsonObject {
  return withDefaults(schema, object) as JsonObject;
}

function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined ? value : mapItems(value as unknown[], (item) => withDefaults(items, item));
  }
  if (!isJsonObject(value)) {
    return value;
  }
  let filled: JsonObject = value;
  const set = (name: string, member: unknown): void => {
    filled = filled === value ? { ...value } : filled;
    setMember(filled, name, member);
  };
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const present = Object.hasOwn(value, name) ? value[name] : undefined;
    if (present === undefined || (present === null && child.nullable !== true)) {
      if (child.default !== undefined) {
        set(name, withDefaults(child, copyJson(child.default))); // the schema's own must not be changed later
      }
    } else {
      const member = withDefaults(child, present);
      if (member !== present) {
        set(name, member);
      }
    }
  }
  const others = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  if (others !== undefined) {
    for (const [name, present] of Object.entries(value)) {
      if (schema.properties === undefined || !Object.hasOwn(schema.properties, name)) {
        const member =
          present === null && others.nullable !== true && others.default !== undefined
            ? copyJson(others.default)
            : withDefaults(others, present);
        if (member !== present) {
          set(name, member);
        }
      }
    }
  }
  return filled;
}

function mapItems(items: unknown[], change: (item: unknown, at: number) => unknown): unknown[] {
  const changed = items.map(change);
  return changed.some((item, at) => item !== items[at]) ? changed : items;
}

// Quantities of built-in kinds in the form in which the Go types write them, whoever wrote them how ('1000m' is stored as '1'). Pure.
import { canonicalQuantity } from '#core/quantity.ts';
import type { BuiltInSchema } from './built-in-schemas.ts';
import { isJsonObject } from './json-values.ts';
import { memberSchema } from './schema.ts';

/** The same object where nothing changes. What is no quantity stays, for the checks to refuse. */
export function withCanonicalQuantities<T>(schema: BuiltInSchema, value: T): T {
  return rewrite(schema, value) as T;
}

function rewrite(schema: BuiltInSchema, value: unknown): unknown {
  if (schema.goType === 'Quantity') {
    return canonical(value);
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? value
      : sameOr(
          value,
          value.map((item) => rewrite(items, item)),
        );
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const members = Object.entries(value).map(([name, member]) => {
    const of = memberSchema(schema, name);
    return [name, of === undefined ? member : rewrite(of, member)] as const;
  });
  return members.every(([name, member]) => member === value[name]) ? value : Object.fromEntries(members);
}

function sameOr(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return after.every((item, index) => item === before[index]) ? before : after;
}

function canonical(value: unknown): unknown {
  try {
    return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : value;
  } catch (error) {
    if (error instanceof RangeError) {
      return value;
    }
    throw error;
  }
}

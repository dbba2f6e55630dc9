import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '#core/hash.ts';
import { asObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { customShape } from './list-types.ts';
import { applyManaged, managedByUpdate } from './managed-fields.ts';
import type { JsonSchema } from './schema.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'integer' },
        b: { type: 'integer' },
        nested: { type: 'object', additionalProperties: { type: 'integer' } },
        whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'integer' } },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        atomic: { type: 'array', items: { type: 'integer' } },
        keyed: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', properties: { name: { type: 'string' }, x: { type: 'integer' }, y: { type: 'integer' } } },
        },
      },
    },
  },
};
const shape = customShape(schema);
const names = fc.constantFrom('p', 'q', 'r');
const number = fc.integer({ min: 0, max: 3 });

/** Configurations with unique names; members are absent at random. */
const spec = fc.record(
  {
    a: number,
    b: number,
    nested: fc.dictionary(names, number, { minKeys: 1 }),
    whole: fc.dictionary(names, number, { minKeys: 1 }),
    set: fc.uniqueArray(names, { minLength: 1 }),
    atomic: fc.array(number, { minLength: 1, maxLength: 3 }),
    keyed: fc.uniqueArray(fc.record({ name: names, x: number, y: number }, { requiredKeys: ['name'] }), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
  },
  { requiredKeys: [] },
);

function config(of: object): JsonObject {
  return { apiVersion: 'g/v1', kind: 'K', metadata: { name: 'n', namespace: 'd' }, spec: of };
}

function apply(live: JsonObject | undefined, of: object, manager: string, isForced = true): JsonObject {
  return applyManaged({
    live,
    applied: config(of),
    shape,
    isForced,
    writer: { manager, apiVersion: 'g/v1', nowText: '2026-01-01T00:00:00Z' },
  });
}

/** The spec as a set of statements, so that order in sets, keyed lists and objects does not matter. */
function statements(object: JsonObject): Set<string> {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(asObject(object['spec']))) {
    if (name === 'keyed') {
      for (const item of value as JsonObject[]) {
        Object.entries(item).forEach(([field, member]) => found.add(`keyed ${String(item['name'])} ${field} ${canonicalJson(member)}`));
      }
    } else if (name === 'set') {
      (value as string[]).forEach((item) => found.add(`set ${item}`));
    } else if (name === 'nested') {
      Object.entries(value as JsonObject).forEach(([key, member]) => found.add(`nested ${key} ${canonicalJson(member)}`));
    } else {
      found.add(`${name} ${canonicalJson(value)}`);
    }
  }
  return found;
}

describe('server-side apply', () => {
  it('changes nothing when the same manager applies the same again', () => {
    fc.assert(
      fc.property(spec, spec, (first, other) => {
        const live = apply(apply(undefined, first, 'one'), other, 'two');
        const again = apply(live, other, 'two');
        assert.equal(JSON.stringify(again), JSON.stringify(live));
      }),
    );
  });

  it('keeps every field of another manager, whatever the first one drops', () => {
    fc.assert(
      fc.property(spec, spec, spec, (first, second, later) => {
        const both = apply(apply(undefined, first, 'one'), second, 'two');
        const changed = applyOrConflict(both, later);
        if (changed !== undefined) {
          const left = statements(changed);
          statements(config(second)).forEach((one) => assert.ok(left.has(one), `${one} is lost`));
        }
      }),
    );
  });

  it('removes what its only owner no longer applies', () => {
    fc.assert(
      fc.property(spec, spec, (first, later) => {
        const changed = apply(apply(undefined, first, 'one'), later, 'one');
        assert.deepEqual(statements(changed), statements(config(later)));
      }),
    );
  });

  it('says whatever is applied by force, and refuses without force exactly when another owner would lose', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const live = apply(undefined, first, 'one');
        const forced = statements(apply(live, second, 'two'));
        statements(config(second)).forEach((one) => assert.ok(forced.has(one)));
        const gentle = applyOrConflict(live, second);
        if (gentle !== undefined) {
          const kept = statements(gentle);
          statements(config(first)).forEach((one) => assert.ok(kept.has(one), `${one} is lost without a conflict`));
        }
      }),
    );
  });

  it('keeps fields that nobody owns', () => {
    const live = { ...config({ a: 1, b: 2 }), metadata: { name: 'n', namespace: 'd', uid: 'u' } };
    const applied = apply(apply(live, { a: 1 }, 'one'), {}, 'one');
    assert.deepEqual(applied['spec'], { b: 2 });
  });

  it('gives a field to whoever updates it, and forgets fields that an update removes', () => {
    const live = apply(undefined, { a: 1, b: 2, keyed: [{ name: 'p', x: 1 }] }, 'one');
    const after = { ...live, spec: { a: 9, c: { d: 1 } } };
    const managed = managedByUpdate(live, after, shape, { manager: 'editor', apiVersion: 'g/v1', nowText: '2026-01-02T00:00:00Z' });
    assert.deepEqual(
      managed.map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 })),
      [{ manager: 'editor', operation: 'Update', fieldsV1: { 'f:spec': { 'f:a': {}, 'f:c': { '.': {}, 'f:d': {} } } } }],
    );
  });
});

function applyOrConflict(live: JsonObject, of: object): JsonObject | undefined {
  try {
    return apply(live, of, live === undefined ? 'one' : 'third', false);
  } catch (error) {
    assert.match(String(error), /Apply failed with \d+ conflict/);
    return undefined;
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findCatalogProblems } from '#trino/catalog-rules.ts';
import { catalogSamples } from '../../../test/builders/catalog-samples.ts';
import { runtimeSamples } from '../../../test/builders/runtime-samples.ts';
import { specDefaults } from './defaults.ts';
import { trinoCatalogName } from './names.ts';
import { readCatalog, readRuntime } from './read-objects.ts';
import { findXTrinodeProblems } from './xtrinode.rules.ts';

interface WithSpec {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Names of runtimes are the CRD's to judge: the operator meets them as names that are too long for its objects. */
const isAboutName = (fields: readonly string[]): boolean => fields.includes('metadata.name');

test('the operator itself refuses and accepts what the definitions do', () => {
  for (const { about, object, refusals } of runtimeSamples) {
    const fields = refusals.map(({ field }) => field);
    if (isAboutName(fields)) continue;
    const problems = findXTrinodeProblems({ ...specDefaults, ...(object as unknown as WithSpec).spec });
    assert.equal(problems.length > 0, refusals.length > 0, `an XTrinode with ${about}: ${JSON.stringify(problems)}`);
  }
  for (const { about, object, refusals } of catalogSamples) {
    const { connector } = (object as unknown as WithSpec).spec;
    // Labels select and are not rendered.
    if (refusals.some(({ field }) => field.startsWith('spec.labels'))) continue;
    const problems = findCatalogProblems(trinoCatalogName(object.metadata.name), connector).filter(({ isLater }) => isLater !== true);
    assert.equal(problems.length > 0, refusals.length > 0, `an XTrinodeCatalog with ${about}: ${JSON.stringify(problems)}`);
  }
});

const names = [
  'size',
  'version',
  'autoSuspendAfter',
  'wakePatience',
  'routing',
  'resources',
  'catalogSelector',
  'limits',
  'workers',
] as const;
const anySpec = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()));

test('whatever stands in an object, it is read, and what is read can be acted on', () => {
  fc.assert(
    fc.property(anySpec, fc.jsonValue(), (spec, status) => {
      const object = { apiVersion: 'v1', kind: 'XTrinode', metadata: { name: 'a' }, spec, status };
      const { runtime } = readRuntime(object);
      assert.deepEqual(findXTrinodeProblems(runtime.spec), []);
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (spec) => {
      const catalog = readCatalog({ apiVersion: 'v1', kind: 'XTrinodeCatalog', metadata: { name: 'a' }, spec } as never);
      assert.ok(Array.isArray(findCatalogProblems('a', catalog.spec.connector)));
    }),
  );
});

test('what a definition of another release leaves out has its default', () => {
  const object = { apiVersion: 'v1', kind: 'XTrinode', metadata: { name: 'a' }, spec: { size: 's' } };
  assert.deepEqual(readRuntime(object), { runtime: { ...object, spec: { ...specDefaults, size: 's' } }, problems: [] });
});

test('a lifecycle of another schema is as if it were lost; the rest of the status stays', () => {
  const spec = { ...specDefaults, size: 's' };
  const read = (lifecycle: object) =>
    readRuntime({ apiVersion: 'v1', kind: 'XTrinode', metadata: { name: 'a' }, spec, status: { phase: 'Ready', lifecycle } } as never);
  assert.deepEqual(read({ schema: 2, mood: 'fine' }).runtime.status, { phase: 'Ready' });
  assert.deepEqual(read({ desired: 'Awake', later: true }).runtime.status, {
    phase: 'Ready',
    lifecycle: { desired: 'Awake', later: true },
  });
});

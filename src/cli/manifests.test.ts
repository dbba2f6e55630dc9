import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayName, inNamespace, parseManifests } from './manifests.ts';

const runtime = 'apiVersion: analytics.xtrinode.io/v1\nkind: XTrinode\nmetadata: {name: sales}\nspec: {size: s}\n';

test('several documents and lists become one row of objects', () => {
  const list =
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n';
  const manifests = parseManifests(`${runtime}---\n${list}`, 'all.yaml');
  assert.deepEqual(
    manifests.map(({ object, resource, source }) => [displayName(resource, object.metadata.name), source]),
    [
      ['xtrinode.analytics.xtrinode.io/sales', 'all.yaml, document 1'],
      ['configmap/a', 'all.yaml, document 2'],
      ['secret/b', 'all.yaml, document 2'],
    ],
  );
});

test('what cannot be applied is refused with file, document and way out', () => {
  const cases: [string, RegExp][] = [
    ['a: [', /^f\.yaml is not valid YAML/],
    ['just text', /^f\.yaml: expected an object/],
    ['{kind: XTrinode}', /^f\.yaml: apiVersion and kind must be set/],
    [
      `${runtime}---\n{apiVersion: analytics.xtrinode.io/v1beta1, kind: XTrinode, metadata: {name: a}}`,
      /^f\.yaml, document 2: .*did you mean apiVersion: analytics\.xtrinode\.io\/v1\?/,
    ],
    ['{apiVersion: batch/v1, kind: Job, metadata: {name: a}}', /cannot apply Job of batch\/v1; kubectl apply can/],
    ['{apiVersion: v1, kind: ConfigMap, metadata: {name: 0644}}', /metadata\.name must be a string; ConfigMap has 420/],
    ['{apiVersion: v1, kind: ConfigMap}', /metadata\.name must be a string/],
  ];
  for (const [text, message] of cases) assert.throws(() => parseManifests(text, 'f.yaml'), { name: 'CliError', message }, text);
});

test('the namespace is that of the manifest, else the given one, and a contradiction is refused', () => {
  const [bare] = parseManifests(runtime, 'f');
  const [placed] = parseManifests(runtime.replace('{name: sales}', '{name: sales, namespace: team}'), 'f');
  const [cluster] = parseManifests('{apiVersion: v1, kind: Namespace, metadata: {name: team}}', 'f');
  assert.ok(bare !== undefined && placed !== undefined && cluster !== undefined);
  assert.equal(inNamespace(bare, 'x', true).metadata.namespace, 'x');
  assert.equal(inNamespace(placed, 'x', false).metadata.namespace, 'team');
  assert.throws(() => inNamespace(placed, 'x', true), /belongs to namespace team, but -n says x/);
  assert.equal(inNamespace(cluster, 'x', true).metadata.namespace, undefined);
});

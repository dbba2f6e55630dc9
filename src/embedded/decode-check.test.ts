import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInSchema } from './built-in-schemas.ts';
import { findUndecodable } from './decode-check.ts';

function problemOf(group: string, kind: string, object: object): string | undefined {
  const schema = builtInSchema(group, 'v1', kind);
  assert.ok(schema !== undefined);
  return findUndecodable(schema, object);
}

// each answer was given by kube-apiserver 1.36.3
test('what Go cannot decode is said in the words of Go', () => {
  const field = (value: string, place: string, type: string) =>
    `json: cannot unmarshal ${value} into Go struct field ${place} of type ${type}`;
  const cases: readonly [string, string, object, string][] = [
    ['apps', 'Deployment', { spec: { replicas: 'two' } }, field('string', 'DeploymentSpec.spec.replicas', 'int32')],
    ['', 'ConfigMap', { data: { k: 1 } }, field('number', 'ConfigMap.data', 'string')],
    ['', 'ConfigMap', { metadata: { labels: ['a'] } }, field('array', 'ObjectMeta.metadata.labels', 'map[string]string')],
    ['', 'Pod', { spec: { containers: { a: 1 } } }, field('object', 'PodSpec.spec.containers', '[]v1.Container')],
    ['', 'Pod', { spec: { containers: [{ name: 1 }], hostNetwork: 'yes' } }, field('number', 'Container.spec.containers.name', 'string')],
    ['', 'Service', { spec: { ports: [{ port: 'http' }] } }, field('string', 'ServicePort.spec.ports.port', 'int32')],
    [
      'coordination.k8s.io',
      'Lease',
      { spec: { renewTime: '2026-01-01T00:00:00Z' } },
      'parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [
      '',
      'Pod',
      { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [group, kind, object, problem] of cases) assert.equal(problemOf(group, kind, object), problem);
});

test('null is nothing, and what nothing is known of is taken as it is', () => {
  assert.equal(problemOf('', 'Pod', { spec: { containers: null, unheardOf: { of: 1 } } }), undefined);
  const property = { type: 'string', default: { any: ['thing'] }, enum: [1, 'two'] };
  const versions = [{ name: 'v1', schema: { openAPIV3Schema: { properties: { a: property } } } }];
  assert.equal(problemOf('apiextensions.k8s.io', 'CustomResourceDefinition', { spec: { versions } }), undefined);
});

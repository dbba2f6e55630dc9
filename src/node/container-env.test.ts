import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap, Container, Pod, Secret } from '#core/objects.ts';
import { buildContainerEnv, expandVariables } from './container-env.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { REGION: 'eu', ZONE: 'a' } };
const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, data: { token: base64('sésame') } };
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'c-0', namespace: 'team', uid: 'u-1', labels: { 'app.kubernetes.io/name': 'trino' } },
  spec: { containers: [] },
};
const context = {
  pod,
  podIP: '127.9.9.9',
  nodeName: 'local',
  sources: { configMaps: new Map([['settings', configMap]]), secrets: new Map([['keys', secret]]) },
};
const build = (container: Partial<Container>) => buildContainerEnv({ name: 'trino', ...container }, context);

test('fields of the Pod, keys of ConfigMaps and keys of Secrets become variables', () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const env = build({
    env: [
      field('IP', 'status.podIP'),
      field('NAME', 'metadata.name'),
      field('NS', 'metadata.namespace'),
      field('ID', 'metadata.uid'),
      field('NODE', 'spec.nodeName'),
      field('APP', "metadata.labels['app.kubernetes.io/name']"),
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'REGION', valueFrom: { configMapKeyRef: { name: 'settings', key: 'REGION' } } },
      { name: 'URL', value: 'http://$(IP):8080/$(UNKNOWN)/$$(IP)' },
    ],
  });
  assert.deepEqual(env, {
    IP: '127.9.9.9',
    NAME: 'c-0',
    NS: 'team',
    ID: 'u-1',
    NODE: 'local',
    APP: 'trino',
    TOKEN: 'sésame',
    REGION: 'eu',
    URL: 'http://127.9.9.9:8080/$(UNKNOWN)/$(IP)',
  });
});

test('env wins over envFrom, whose keys may get a prefix', () => {
  const env = build({
    envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
    env: [{ name: 'S_ZONE', value: 'b' }],
  });
  assert.deepEqual(env, { S_REGION: 'eu', S_ZONE: 'b', token: 'sésame' });
});

test('what is missing is named, unless it is optional', () => {
  assert.throws(() => build({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }), {
    message: 'secret "none" not found',
  });
  assert.throws(() => build({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }] }), {
    message: "couldn't find key k in Secret keys",
  });
  assert.throws(() => build({ envFrom: [{ configMapRef: { name: 'none' } }] }), { message: 'configmap "none" not found' });
  assert.deepEqual(build({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'none', key: 'k', optional: true } } }] }), {});
});

test('two dollar signs stand for one', () => {
  assert.equal(expandVariables('$$ $(A) $$(A) $A', { A: 'x' }), '$ x $(A) $A');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi } from '../port.ts';
import { configMaps, deployments, nodes, pods } from '../resources.ts';
import { observeCalls } from './observed-api.ts';
import type { CallOutcome, ObservedCall } from './observed-api.ts';

const by = { fieldManager: 'm' };
const key = { namespace: 'team', name: 'a' };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key };

/** Every call takes 30 ms and does nothing, or fails. */
function anObservedApi(failure?: Error) {
  const clock = createFakeClock();
  const work = async (): Promise<unknown> => {
    clock.advance(30);
    if (failure !== undefined) throw failure;
    return {};
  };
  async function* stream(): AsyncGenerator<string> {
    for (const chunk of ['one', 'two', 'three']) {
      clock.advance(30);
      yield chunk;
    }
    if (failure !== undefined) throw failure;
  }
  const verbs = ['get', 'list', 'create', 'replace', 'patch', 'apply', 'remove'].map((verb) => [verb, work]);
  const real = { ...Object.fromEntries(verbs), watch: stream, readLog: stream } as unknown as KubeApi;
  const began: string[] = [];
  const ended: CallOutcome[] = [];
  const inWords = ({ verbs: needed, group, resource, namespace, name }: ObservedCall): string =>
    `${needed.join('+')} ${resource}${group === '' ? '' : `.${group}`} in ${namespace ?? '*'}${name === undefined ? '' : ` ${name}`}`;
  const api = observeCalls(real, clock, { began: (call) => began.push(inWords(call)), ended: (_call, outcome) => ended.push(outcome) });
  return { api, began, ended };
}

async function read(source: AsyncIterable<unknown>, most = Infinity): Promise<void> {
  let count = 0;
  for await (const _ of source) if ((count += 1) >= most) return;
}

test('every call is told in the words of RBAC', async () => {
  const { api, began } = anObservedApi();
  await api.get(configMaps, key);
  await api.list(deployments, {});
  await read(api.watch(configMaps, { namespace: 'team' }));
  await api.create(configMaps, { ...object, metadata: { name: '', generateName: 'x-', namespace: 'team' } }, by);
  await api.replace(configMaps, object, by);
  await api.patch(pods, key, 'merge', {}, { ...by, subresource: 'status' });
  await api.apply(configMaps, object, by);
  await api.apply(configMaps, object, { ...by, subresource: 'status' });
  await api.remove(nodes, { name: 'n' });
  await read(api.readLog(key));
  assert.deepEqual(began, [
    'get configmaps in team a',
    'list deployments.apps in *',
    'watch configmaps in team',
    'create configmaps in team',
    'update configmaps in team a',
    'patch pods/status in team a',
    'patch+create configmaps in team a',
    'patch configmaps/status in team a',
    'delete nodes in * n',
    'get pods/log in team a',
  ]);
});

test('what became of it: code and time, of a stream when it ends or is left', async () => {
  const fine = anObservedApi();
  await fine.api.get(configMaps, key);
  await read(fine.api.watch(configMaps, {}));
  await read(fine.api.readLog(key), 1);
  assert.deepEqual(fine.ended, [
    { code: 200, durationMs: 30 },
    { code: 200, durationMs: 90 },
    { code: 200, durationMs: 30 },
  ]);
  const refused = anObservedApi(new KubeError({ code: 403, reason: 'Forbidden', message: 'no' }));
  await assert.rejects(refused.api.get(configMaps, key), { code: 403 });
  await assert.rejects(read(refused.api.watch(configMaps, {})), { code: 403 });
  const broken = anObservedApi(new TypeError('x'));
  await assert.rejects(broken.api.get(configMaps, key), TypeError);
  assert.deepEqual(
    [...refused.ended, ...broken.ended].map(({ code }) => code),
    [403, 403, 0],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ConfigMap } from '#core/objects.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { events, json, startFakeApiServer, status } from '../../../test/fakes/fake-api-server.ts';
import type { Answer } from '../../../test/fakes/fake-api-server.ts';
import { createReflector } from '../cache/reflector.ts';
import { configMaps, pods } from '../resources.ts';
import { createHttpKubeApi } from './http-kube-api.ts';

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

async function anApi(t: TestContext, answers: readonly Answer[], random = (): number => 0) {
  const server = await startFakeApiServer(t, { answers });
  const warnings: string[] = [];
  const api = createHttpKubeApi({
    kubeconfigPath: server.kubeconfig({ token: 'secret' }),
    env: {},
    clock: systemClock,
    log: silentLog,
    random,
    onWarning: (text) => warnings.push(text),
  });
  t.after(() => api.close());
  return { api, seen: server.seen, warnings };
}

const anObject = (name: string, resourceVersion: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team', resourceVersion },
});

test('absent is undefined, but a resource that the server does not serve is an error', async (t) => {
  const { api, seen } = await anApi(t, [
    json(404, status(404, 'NotFound', 'configmaps "a" not found', { name: 'a', kind: 'configmaps' })),
    json(404, status(404, 'NotFound', 'the server could not find the requested resource')),
    (response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n'),
  ]);
  const key = { namespace: 'team', name: 'a' };
  assert.equal(await api.get(configMaps, key), undefined);
  await assert.rejects(api.get(configMaps, key), { reason: 'NotFound' });
  await assert.rejects(api.get(configMaps, key), { reason: 'NotFound', message: /404 page not found/ });
  assert.equal(seen[0]?.url.pathname, '/api/v1/namespaces/team/configmaps/a');
  assert.equal(seen[0]?.headers.authorization, 'Bearer secret');
});

test('a Status becomes an error with code, reason, message and causes', async (t) => {
  const causes = [{ reason: 'FieldValueInvalid', message: 'must be positive', field: 'spec.x' }];
  const { api } = await anApi(t, [json(422, status(422, 'Invalid', 'it is invalid', { causes, name: 'a' }))]);
  await assert.rejects(api.create(configMaps, anObject('a', '') as ConfigMap, { fieldManager: 'm' }), {
    code: 422,
    reason: 'Invalid',
    message: 'it is invalid',
    causes,
  });
});

test('an overloaded server is asked again after the time it names', async (t) => {
  const { api, seen } = await anApi(t, [
    json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '0' }),
    json(200, anObject('a', '1')),
  ]);
  const made = await api.create(configMaps, anObject('a', '') as ConfigMap, { fieldManager: 'm' });
  assert.equal(made.metadata.resourceVersion, '1');
  assert.equal(seen.length, 2);
});

test('an overloaded server that asks for more time than the caller has is reported at once', async (t) => {
  const { api, seen } = await anApi(t, [json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '60' })]);
  await assert.rejects(api.get(configMaps, { namespace: 'team', name: 'a' }, { timeoutMs: 5_000 }), { code: 429, retryAfterMs: 60_000 });
  assert.equal(seen.length, 1);
});

test('a reset connection is read again once, but never written again', async (t) => {
  const reset: Answer = (response) => void response.destroy();
  const reading = await anApi(t, [reset, json(200, anObject('a', '1'))]);
  assert.equal((await reading.api.get(configMaps, { namespace: 'team', name: 'a' }))?.metadata.name, 'a');
  const writing = await anApi(t, [reset, json(200, anObject('a', '1'))]);
  await assert.rejects(writing.api.create(configMaps, anObject('a', '') as ConfigMap, { fieldManager: 'm' }), {
    code: 0,
    reason: 'Unreachable',
  });
  assert.equal(writing.seen.length, 1);
});

test('a server that does not answer in time is reported with the time', async (t) => {
  const { api } = await anApi(t, [() => undefined]);
  await assert.rejects(api.get(configMaps, { namespace: 'team', name: 'a' }, { timeoutMs: 50 }), {
    reason: 'Unreachable',
    message: /no answer .* within \d+ ms/,
  });
});

test('writes carry field manager, force, dry run and the content type of their kind', async (t) => {
  const { api, seen, warnings } = await anApi(t, [
    json(200, anObject('a', '1'), { warning: '299 - "unknown field \\"spec.x\\"", 299 - "v1beta1 is deprecated"' }),
  ]);
  await api.apply(configMaps, anObject('a', '') as ConfigMap, {
    fieldManager: 'cli',
    force: true,
    dryRun: true,
    fieldValidation: 'Strict',
  });
  await api.patch(pods, { namespace: 'team', name: 'p' }, 'merge', { status: {} }, { fieldManager: 'node', subresource: 'status' });
  await api.remove(pods, { namespace: 'team', name: 'p' }, { uid: 'u', gracePeriodSeconds: 0 });
  assert.deepEqual(
    seen.map((one) => [one.method, one.url.pathname, one.url.search, one.headers['content-type']]),
    [
      [
        'PATCH',
        '/api/v1/namespaces/team/configmaps/a',
        '?fieldManager=cli&dryRun=All&fieldValidation=Strict&force=true',
        'application/apply-patch+yaml',
      ],
      ['PATCH', '/api/v1/namespaces/team/pods/p/status', '?fieldManager=node', 'application/merge-patch+json'],
      ['DELETE', '/api/v1/namespaces/team/pods/p', '', 'application/json'],
    ],
  );
  assert.deepEqual(JSON.parse(seen[2]?.body ?? ''), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: 'u' },
    gracePeriodSeconds: 0,
  });
  assert.deepEqual(warnings.slice(0, 2), ['unknown field "spec.x"', 'v1beta1 is deprecated']);
});

test('list items say their kind even where the server leaves it out', async (t) => {
  const { api, seen } = await anApi(t, [
    json(200, { kind: 'PodList', metadata: { resourceVersion: '7', continue: 'more' }, items: [{ metadata: { name: 'p' } }] }),
  ]);
  const list = await api.list(pods, { labelSelector: 'app in (a,b),!x', limit: 500 });
  assert.deepEqual([list.items[0]?.kind, list.items[0]?.apiVersion, list.metadata.continue], ['Pod', 'v1', 'more']);
  assert.equal(seen[0]?.url.searchParams.get('labelSelector'), 'app in (a,b),!x');
});

test('a watch asks for bookmarks, from a version, for a bounded time', async (t) => {
  const { api, seen } = await anApi(t, [events([{ type: 'ADDED', object: anObject('a', '8') }])]);
  const received = await collect(api.watch(configMaps, { namespace: 'team', resourceVersion: '7', allowWatchBookmarks: true }));
  assert.deepEqual(received, [{ type: 'ADDED', object: anObject('a', '8') }]);
  assert.equal(seen[0]?.url.search, '?watch=true&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=300');
});

test('an expired version, refused at once or in the stream, is a 410 error', async (t) => {
  const { api } = await anApi(t, [
    json(410, status(410, 'Expired', 'too old')),
    events([{ type: 'ERROR', object: status(410, 'Expired', 'too old') }]),
  ]);
  for (let turn = 0; turn < 2; turn += 1) {
    await assert.rejects(collect(api.watch(configMaps, { resourceVersion: '1' })), { code: 410, reason: 'Expired' });
  }
});

test('an aborted watch ends quietly', async (t) => {
  const { api } = await anApi(t, [events([{ type: 'ADDED', object: anObject('a', '8') }], 'open')]);
  const stop = new AbortController();
  const received: unknown[] = [];
  for await (const event of api.watch(configMaps, {}, { signal: stop.signal })) {
    received.push(event);
    stop.abort();
  }
  assert.equal(received.length, 1);
});

test('logs come as text even when a character is cut in two', async (t) => {
  const bytes = Buffer.from('über\n');
  const { api, seen } = await anApi(t, [
    (response) => {
      response.write(bytes.subarray(0, 1));
      setImmediate(() => response.end(bytes.subarray(1)));
    },
  ]);
  const text = (await collect(api.readLog({ namespace: 'team', name: 'p' }, { container: 'trino', tailLines: 10 }))).join('');
  assert.equal(text, 'über\n');
  assert.equal(`${seen[0]?.url.pathname}${seen[0]?.url.search}`, '/api/v1/namespaces/team/pods/p/log?container=trino&tailLines=10');
});

test('a cache over HTTP loses nothing through a reset, a garbage line, an expired version and an overloaded server', async (t) => {
  const list = (resourceVersion: string, names: readonly string[]): Answer =>
    json(200, { metadata: { resourceVersion }, items: names.map((name, index) => anObject(name, `${index + 1}`)) });
  const { api, seen } = await anApi(t, [
    list('5', ['a', 'b']),
    events([{ type: 'ADDED', object: anObject('c', '6') }], 'reset'),
    events([{ type: 'DELETED', object: anObject('a', '7') }, '{"type":"MODIF\n']),
    json(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '0' }),
    events([{ type: 'ERROR', object: status(410, 'Expired', 'too old') }]),
    list('20', ['d']),
    events([{ type: 'ADDED', object: anObject('e', '21') }], 'open'),
  ]);
  const reflector = createReflector({ api, resource: configMaps, where: {}, clock: systemClock, random: () => 0, log: silentLog });
  const heard: string[] = [];
  const complete = Promise.withResolvers<void>();
  reflector.store.subscribe(({ key, after: now }) => {
    heard.push(`${now === undefined ? '-' : '+'}${key}`);
    if (key === 'team/e') complete.resolve();
  });
  reflector.start();
  await complete.promise;
  reflector.stop();
  assert.deepEqual(heard, ['+team/a', '+team/b', '+team/c', '-team/a', '-team/b', '-team/c', '+team/d', '+team/e']);
  assert.deepEqual(
    seen.map((one) => one.url.searchParams.get('resourceVersion')),
    [null, '5', '6', '7', '7', null, '20'],
  );
});

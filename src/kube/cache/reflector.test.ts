import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi, ListOptions, ObjectList, WatchEvent, WatchOptions } from '../port.ts';
import { configMaps } from '../resources.ts';
import { createReflector } from './reflector.ts';

interface Named extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

function anObject(name: string, resourceVersion: string, more: object = {}): Named {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'team', uid: `uid-${name}`, resourceVersion, ...more } };
}

type WatchStep = WatchEvent<Named> | 'end' | Error;

/** An API server of which the test decides every answer: lists in order, and one open watch at a time. */
function scriptedApi(lists: (ObjectList<Named> | Error)[]) {
  const calls: string[] = [];
  let deliver: ((step: WatchStep) => void) | undefined;
  const api = {
    async list(_resource: unknown, where: ListOptions) {
      calls.push(`list${where.continue === undefined ? '' : ` ${where.continue}`}`);
      const answer = lists.shift();
      if (answer === undefined) throw new KubeError({ code: 500, reason: 'InternalError', message: 'no further list scripted' });
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async *watch(_resource: unknown, where: WatchOptions, options: { signal: AbortSignal }) {
      calls.push(`watch ${where.resourceVersion}`);
      const steps: WatchStep[] = [];
      let wake = (): void => undefined;
      deliver = (step) => {
        steps.push(step);
        wake();
      };
      options.signal.addEventListener('abort', () => deliver?.(new Error('aborted')));
      for (;;) {
        const step = steps.shift();
        if (step === 'end') return;
        if (step instanceof Error) throw step;
        if (step === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield step;
      }
    },
  } as unknown as KubeApi;
  return { api, calls, send: (step: WatchStep) => deliver?.(step) };
}

function aReflector(lists: (ObjectList<Named> | Error)[], transform?: (object: Named) => Named) {
  const clock = createFakeClock();
  const scripted = scriptedApi(lists);
  const reflector = createReflector<Named>({
    api: scripted.api,
    resource: configMaps,
    where: { namespace: 'team' },
    clock,
    random: () => 0.999,
    log: silentLog,
    ...(transform === undefined ? {} : { transform }),
  });
  const heard: string[] = [];
  reflector.store.subscribe(({ key, before, after }) => {
    heard.push(`${key} ${before?.metadata.resourceVersion ?? '-'}>${after?.metadata.resourceVersion ?? '-'}`);
  });
  return { ...scripted, clock, reflector, heard };
}

function page(resourceVersion: string, items: Named[], next?: string): ObjectList<Named> {
  return { metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) }, items };
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const expired = new KubeError({ code: 410, reason: 'Expired', message: 'too old resource version' });
const reset = new KubeError({ code: 0, reason: 'Unreachable', message: 'socket hang up' });

test('all pages are in the store, frozen and without what nobody reads, before it counts as synced', async () => {
  const { reflector, calls } = aReflector([
    page('5', [anObject('a', '1', { managedFields: [{}], annotations: { [lastApplied]: '{}', kept: 'yes' } })], 'next'),
    page('5', [anObject('b', '2')]),
  ]);
  reflector.start();
  await reflector.synced;
  const a = reflector.store.list()[0];
  assert.deepEqual(
    reflector.store.list().map((object) => object.metadata.name),
    ['a', 'b'],
  );
  assert.ok(a !== undefined && Object.isFrozen(a) && Object.isFrozen(a.metadata));
  assert.equal(a.metadata.managedFields, undefined);
  assert.deepEqual(a.metadata.annotations, { kept: 'yes' });
  await settled();
  assert.deepEqual(calls, ['list', 'list next', 'watch 5']);
  reflector.stop();
});

test('events change the store and are told to listeners, who already see the new store', async () => {
  const { reflector, send, heard } = aReflector([page('5', [anObject('a', '1')])]);
  const seen: (string | undefined)[] = [];
  reflector.store.subscribe(({ key }) => seen.push(reflector.store.get(key)?.metadata.resourceVersion));
  reflector.start();
  await settled();
  send({ type: 'ADDED', object: anObject('b', '6') });
  send({ type: 'MODIFIED', object: anObject('a', '7') });
  send({ type: 'DELETED', object: anObject('b', '8') });
  await settled();
  assert.deepEqual(heard, ['team/a ->1', 'team/b ->6', 'team/a 1>7', 'team/b 6>-']);
  assert.deepEqual(seen, ['1', '6', '7', undefined]);
  reflector.stop();
});

test('a watch that the server closes is resumed after the last event or bookmark, without a new list', async () => {
  const { reflector, send, calls } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  send({ type: 'ADDED', object: anObject('a', '6') });
  send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } });
  send('end');
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5', 'watch 9']);
  reflector.stop();
});

test('a reset connection is resumed from the last version after a jittered wait that grows', async () => {
  const { reflector, send, calls, clock } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  const waits: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    send(reset);
    await settled();
    const [wait = 0] = clock.pendingDelays();
    waits.push(wait);
    clock.advance(wait);
    await settled();
  }
  assert.deepEqual(waits, [99, 199, 399]);
  send({ type: 'ADDED', object: anObject('a', '6') });
  send(reset);
  await settled();
  assert.deepEqual(clock.pendingDelays(), [99], 'an event resets the back-off');
  clock.advance(99);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5', 'watch 5', 'watch 5', 'watch 5', 'watch 6']);
  reflector.stop();
});

test('an expired version leads to a new list within a second, and what vanished meanwhile is told as deleted', async () => {
  const { reflector, send, heard, calls, clock } = aReflector([
    page('5', [anObject('gone', '1'), anObject('same', '2'), anObject('changed', '3')]),
    page('20', [anObject('same', '2'), anObject('changed', '11'), anObject('new', '12')]),
  ]);
  reflector.start();
  await settled();
  heard.length = 0;
  send(expired);
  await settled();
  assert.deepEqual(clock.pendingDelays(), [999]);
  clock.advance(999);
  await settled();
  assert.deepEqual(heard, ['team/gone 1>-', 'team/changed 3>11', 'team/new ->12']);
  assert.deepEqual(calls, ['list', 'watch 5', 'list', 'watch 20']);
  reflector.stop();
});

test('a version that the server has not reached, after etcd was restored, leads to a new list, too', async () => {
  const { reflector, send, calls, clock } = aReflector([page('50', []), page('9', [])]);
  reflector.start();
  await settled();
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  send(new KubeError({ code: 504, reason: 'Timeout', message: 'Timeout: Too large resource version', causes }));
  await settled();
  clock.advance(1_000);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 50', 'list', 'watch 9']);
  reflector.stop();
});

test('refused for a while, by a token that is being replaced or a role that is missing, it goes on where it was', async () => {
  const { reflector, send, calls, clock } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  for (const [code, reason] of [
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ] as const) {
    send(new KubeError({ code, reason, message: 'not now' }));
    await settled();
    clock.advance(1_000);
    await settled();
  }
  assert.deepEqual(calls, ['list', ...Array.from({ length: 5 }, () => 'watch 5')]);
  reflector.stop();
});

test('an overloaded server is given the time it names', async () => {
  const { reflector, send, calls, clock } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  send(new KubeError({ code: 429, reason: 'TooManyRequests', message: 'slow down', retryAfterMs: 5_000 }));
  await settled();
  assert.deepEqual([calls, clock.pendingDelays()], [['list', 'watch 5'], [5_099]]);
  reflector.stop();
});

test('a list that expires between two pages starts again from its first page and shows nothing half done', async () => {
  const { reflector, calls, clock } = aReflector([page('5', [anObject('old', '1')], 'next'), expired, page('9', [anObject('a', '8')])]);
  reflector.start();
  await settled();
  clock.advance(1_000);
  await settled();
  assert.deepEqual(
    reflector.store.list().map((object) => object.metadata.name),
    ['a'],
  );
  assert.deepEqual(calls, ['list', 'list next', 'list', 'watch 9']);
  reflector.stop();
});

test('a list from before the last event is refused', async () => {
  const old = page('4', []);
  const { reflector, send, calls, clock } = aReflector([page('5', [anObject('a', '1')]), old, old, page('9', [anObject('b', '8')]), old]);
  reflector.start();
  await settled();
  send({ type: 'MODIFIED', object: anObject('a', '7') });
  send(expired);
  for (let round = 0; round < 3; round += 1) {
    await settled();
    assert.deepEqual(
      reflector.store.list().map((object) => object.metadata.name),
      ['a'],
    );
    clock.advance(clock.pendingDelays()[0] ?? 0);
  }
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5', 'list', 'list', 'list', 'watch 9']);
  assert.equal(reflector.store.get('team/b')?.metadata.resourceVersion, '8');
  reflector.stop();
});

test('a server that lists nothing newer for a minute has lost it: then its list is the truth', async () => {
  const { reflector, send, clock } = aReflector([page('5', [anObject('a', '1')]), ...Array.from({ length: 20 }, () => page('4', []))]);
  reflector.start();
  await settled();
  send(expired);
  await settled();
  const startedAt = clock.now();
  while (reflector.store.list().length > 0) {
    clock.advance(clock.pendingDelays()[0] ?? 0);
    await settled();
  }
  assert.ok(clock.now() - startedAt >= 60_000);
  reflector.stop();
});

test('a list that breaks off between two pages is not taken for a whole one', async () => {
  const { reflector, calls, clock } = aReflector([
    page('5', [anObject('a', '1')], 'next'),
    reset,
    page('9', [anObject('a', '1'), anObject('b', '2')]),
  ]);
  reflector.start();
  await settled();
  clock.advance(1_000);
  await settled();
  assert.deepEqual(calls, ['list', 'list next', 'list', 'watch 9']);
  assert.equal(reflector.store.list().length, 2);
  reflector.stop();
});

test('a watch that stays silent for longer than servers let watches live is started again', async () => {
  const { reflector, calls, clock } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  clock.advance(659_999);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5']);
  clock.advance(1);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5', 'watch 5']);
  reflector.stop();
});

test('a server that has sent a bookmark is given less time, as it sends one a minute', async () => {
  const { reflector, calls, clock, send } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } });
  await settled();
  clock.advance(239_999);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5']);
  clock.advance(1);
  await settled();
  assert.deepEqual(calls, ['list', 'watch 5', 'watch 9']);
  reflector.stop();
});

test('a failing listener does not hide the change from the others', async () => {
  const { reflector } = aReflector([page('5', [anObject('a', '1')])]);
  const heard: string[] = [];
  reflector.store.subscribe(() => {
    throw new Error('bad listener');
  });
  reflector.store.subscribe(({ key }) => heard.push(key));
  reflector.start();
  await settled();
  assert.deepEqual(heard, ['team/a']);
  reflector.stop();
});

test('the transform decides what is kept', async () => {
  const { reflector } = aReflector([page('5', [{ ...anObject('a', '1'), data: { big: 'x' } }])], (object) => ({
    ...anObject('a', '1'),
    metadata: object.metadata,
  }));
  reflector.start();
  await reflector.synced;
  assert.equal(reflector.store.get('team/a')?.data, undefined);
  reflector.stop();
});

test('after stop nothing is delivered, and whoever waits for the first list is told', async () => {
  const { reflector, send, heard } = aReflector([page('5', [])]);
  reflector.start();
  await settled();
  reflector.stop();
  send({ type: 'ADDED', object: anObject('a', '6') });
  await settled();
  assert.deepEqual(heard, []);
  const never = aReflector([reset]);
  never.reflector.start();
  await settled();
  never.reflector.stop();
  await assert.rejects(never.reflector.synced, /stopped before its first list/);
});

test('while it cannot follow it says since when and why, until something has come or a watch has stayed open', async (t) => {
  const away = new KubeError({ code: 0, reason: 'Unreachable', message: 'nothing listens there' });
  const { reflector, clock, send } = aReflector([away, { metadata: { resourceVersion: '5' }, items: [] }]);
  t.after(() => reflector.stop());
  reflector.start();
  await settled();
  const since = clock.now();
  assert.deepEqual(reflector.trouble(), { resource: 'configmaps', since, why: 'nothing listens there' });
  clock.advance(1_000);
  await settled();
  assert.equal(reflector.trouble(), undefined);

  send(away);
  await settled();
  assert.equal(reflector.trouble()?.since, clock.now());
  clock.advance(1_000);
  await settled();
  // The next watch is there by then, but may be one that is never answered.
  clock.advance(60_000);
  assert.equal(reflector.trouble()?.since, since + 1_000);
  clock.advance(15_000);
  assert.equal(reflector.trouble(), undefined);

  send(away);
  await settled();
  clock.advance(1_000);
  await settled();
  send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '6' } } });
  await settled();
  assert.equal(reflector.trouble(), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreEvent } from '#core/objects.ts';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi, ObjectKey } from '../port.ts';
import { createEventRecorder } from './events.ts';

const about = { apiVersion: 'analytics.xtrinode.io/v1', kind: 'XTrinode', metadata: { name: 'sales', namespace: 'team', uid: 'u1' } };

function aRecorder() {
  const stored = new Map<string, CoreEvent>();
  const calls: string[] = [];
  const state: { fails: boolean; reason: 'Unreachable' | 'Forbidden' } = { fails: false, reason: 'Unreachable' };
  const fail = (): void => {
    const code = state.reason === 'Forbidden' ? 403 : 0;
    if (state.fails) throw new KubeError({ code, reason: state.reason, message: 'no' });
  };
  const api = {
    async create(_resource: unknown, object: CoreEvent) {
      calls.push('create');
      fail();
      if (stored.has(object.metadata.name)) throw new KubeError({ code: 409, reason: 'AlreadyExists', message: 'exists' });
      stored.set(object.metadata.name, object);
    },
    get: async (_resource: unknown, key: ObjectKey) => stored.get(key.name),
    async patch(_resource: unknown, key: ObjectKey, _type: unknown, patch: object) {
      calls.push('patch');
      fail();
      const before = stored.get(key.name);
      if (before === undefined) throw new KubeError({ code: 404, reason: 'NotFound', message: 'gone' });
      stored.set(key.name, { ...before, ...patch });
    },
  } as unknown as KubeApi;
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const start = () => createEventRecorder({ api, clock, component: 'xtrinode-operator' });
  return { clock, stored, calls, state, start, recorder: start() };
}

const note = { object: about, type: 'Warning', reason: 'CatalogRefused', message: 'catalog lake: unknown property' } as const;

test('a repeated event is one object whose count and last time grow, written at most every 10 s', async () => {
  const { recorder, stored, calls, clock } = aRecorder();
  for (let turn = 0; turn < 5; turn += 1) recorder.record(note);
  await recorder.flush();
  clock.advance(3_000);
  for (let turn = 0; turn < 3; turn += 1) recorder.record(note);
  await settled();
  assert.deepEqual(calls, ['create']);
  clock.advance(7_000);
  await recorder.flush();
  const [event] = [...stored.values()];
  assert.deepEqual(calls, ['create', 'patch']);
  assert.equal(stored.size, 1);
  assert.deepEqual([event?.count, event?.firstTimestamp, event?.lastTimestamp], [8, '2026-01-01T00:00:00Z', '2026-01-01T00:00:03Z']);
  assert.deepEqual(event?.involvedObject, { apiVersion: about.apiVersion, kind: 'XTrinode', name: 'sales', namespace: 'team', uid: 'u1' });
  assert.deepEqual([event?.metadata.namespace, event?.type, event?.source?.component], ['team', 'Warning', 'xtrinode-operator']);
});

test('a restarted process counts on in the same object', async () => {
  const { recorder, start, stored } = aRecorder();
  recorder.record(note);
  await recorder.flush();
  const next = start();
  next.record(note);
  await next.flush();
  assert.deepEqual(
    [...stored.values()].map((event) => event.count),
    [2],
  );
});

test('an event that expired on the server is written anew', async () => {
  const { recorder, stored, clock } = aRecorder();
  recorder.record(note);
  await recorder.flush();
  stored.clear();
  clock.advance(60_000);
  recorder.record(note);
  await recorder.flush();
  assert.deepEqual(
    [...stored.values()].map((event) => event.count),
    [1],
  );
});

test('an API server that is away is no problem for who tells: later events are written, and what it missed every 10 s', async () => {
  const { recorder, stored, state, clock, calls } = aRecorder();
  state.fails = true;
  recorder.record(note);
  await recorder.flush();
  recorder.record(note);
  state.fails = false;
  recorder.record({ ...note, reason: 'Woken', message: 'a query asked for it' });
  await recorder.flush();
  const seen = (): (string | number | undefined)[][] => [...stored.values()].map((event) => [event.reason, event.count]);
  assert.deepEqual(seen(), [['Woken', 1]]);
  clock.advance(10_000);
  await settled();
  assert.deepEqual(seen(), [
    ['Woken', 1],
    ['CatalogRefused', 2],
  ]);
  assert.deepEqual(calls, ['create', 'create', 'create']);
});

test('an API server that stays away is not told for ever, and one that refuses is not told again', async () => {
  const { recorder, state, clock, calls } = aRecorder();
  state.fails = true;
  recorder.record(note);
  for (let turn = 0; turn < 30; turn += 1) {
    await settled();
    clock.advance(10_000);
  }
  assert.equal(calls.length, 12);
  state.reason = 'Forbidden';
  recorder.record({ ...note, message: 'another' });
  await settled();
  clock.advance(60_000);
  await settled();
  assert.equal(calls.length, 13);
});

test('one object cannot flood the server with different events', async () => {
  const { recorder, stored, clock } = aRecorder();
  for (let turn = 0; turn < 100; turn += 1) recorder.record({ ...note, message: `problem ${turn}` });
  await recorder.flush();
  assert.equal(stored.size, 25);
  clock.advance(300_000);
  recorder.record({ ...note, message: 'one more' });
  recorder.record({ ...note, message: 'and another' });
  await recorder.flush();
  assert.equal(stored.size, 26);
});

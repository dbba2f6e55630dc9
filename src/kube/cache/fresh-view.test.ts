import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject } from '#core/objects.ts';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { createFreshView } from './fresh-view.ts';
import { byLabel, byNamespace } from './indexes.ts';
import { createStore } from './store.ts';
import { isOlderVersion } from './version.ts';

function anObject(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  const metadata = { name, namespace: 'team', uid, resourceVersion, labels: { group: 'a' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function aView() {
  const store = createStore<KubeObject>((error) => assert.fail(String(error)));
  const clock = createFakeClock();
  const view = createFreshView({ store: store.read, clock, groupOf: byLabel('group') });
  const names = (): string[] => view.listOf('team/a').map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
  return { store, clock, view, names };
}

test('a write of ours is seen at once, and stands until the cache has caught up with it', () => {
  const { store, view, names } = aView();
  store.put(anObject('x', '8'));
  view.noteWritten(anObject('x', '10'));
  assert.equal(view.get('team/x')?.metadata.resourceVersion, '10');
  store.put(anObject('x', '9'));
  assert.deepEqual(names(), ['x@10'], 'somebody’s earlier change arrives late');
  store.put(anObject('x', '10'));
  store.put(anObject('x', '12'));
  assert.deepEqual(names(), ['x@12']);
});

test('what we created is there before the watch tells, and what we removed is gone', () => {
  const { store, view, names } = aView();
  view.noteWritten(anObject('new', '5'));
  assert.deepEqual(names(), ['new@5']);
  store.put(anObject('new', '5'));
  view.noteRemoved(anObject('new', '5'));
  assert.deepEqual(names(), []);
  store.remove('team/new');
  assert.deepEqual(names(), []);
  store.put(anObject('new', '9', 'another'));
  assert.deepEqual(names(), ['new@9'], 'somebody made it anew');
});

test('the end of a former object does not hide the one we made after it', () => {
  const { store, view, names } = aView();
  store.put(anObject('x', '3', 'old'));
  view.noteRemoved(anObject('x', '3', 'old'));
  view.noteWritten(anObject('x', '7', 'new'));
  store.remove('team/x');
  assert.deepEqual(names(), ['x@7']);
});

test('a created object that the cache never shows is believed for half a minute', () => {
  const { clock, view, names } = aView();
  view.noteWritten(anObject('x', '5'));
  clock.advance(30_001);
  assert.equal(view.get('team/x'), undefined);
  assert.deepEqual(names(), []);
});

test('an older answer that arrives later changes nothing', () => {
  const { view } = aView();
  view.noteWritten(anObject('x', '10'));
  view.noteWritten(anObject('x', '9'));
  assert.equal(view.get('team/x')?.metadata.resourceVersion, '10');
});

test('versions compare as whole numbers of any length, and what is none is not older', () => {
  assert.equal(isOlderVersion('9', '10'), true);
  assert.equal(isOlderVersion('10', '10'), false);
  assert.equal(isOlderVersion('99999999999999999998', '99999999999999999999'), true);
  assert.equal(isOlderVersion('abc', '10'), false);
  assert.equal(isOlderVersion(undefined, '10'), false);
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.oneof(
  fc.record({ do: fc.constantFrom('put' as const, 'write' as const), name }),
  fc.record({ do: fc.constantFrom('drop' as const, 'remove' as const), name }),
  fc.record({ do: fc.constant('list' as const), names: fc.uniqueArray(name) }),
);

test('whatever changes, by us or by others, a group is what a search through everything would find', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const store = createStore<KubeObject>((error) => assert.fail(String(error)));
      const view = createFreshView({ store: store.read, clock: createFakeClock(), groupOf: byNamespace });
      changes.forEach((one, step) => {
        const version = `${step + 1}`;
        if (one.do === 'list') store.replaceAll(one.names.map((each) => anObject(each, version)));
        else if (one.do === 'put') store.put(anObject(one.name, version));
        else if (one.do === 'drop') store.remove(`team/${one.name}`);
        else if (one.do === 'write') view.noteWritten(anObject(one.name, version));
        else view.noteRemoved(view.get(`team/${one.name}`) ?? anObject(one.name, version));
        const searched = ['a', 'b', 'c', 'd'].flatMap((each) => view.get(`team/${each}`) ?? []);
        assert.deepEqual(new Set(view.listOf('team')), new Set(searched));
      });
      assert.deepEqual(view.listOf('absent'), []);
    }),
  );
});

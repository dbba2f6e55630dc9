import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject } from '#core/objects.ts';
import { byLabel } from './indexes.ts';
import { createStore } from './store.ts';

const anObject = (name: string, of: string | undefined, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team', resourceVersion, ...(of === undefined ? {} : { labels: { of } }) },
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.oneof(
  fc.record({ do: fc.constant('put' as const), name, of: fc.constantFrom('x', 'y', undefined) }),
  fc.record({ do: fc.constant('remove' as const), name }),
  fc.record({ do: fc.constant('replaceAll' as const), of: fc.dictionary(name, fc.constantFrom('x', 'y')) }),
);

test('whatever changes, an index says what a search through everything would say', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const store = createStore<KubeObject, 'of'>({
        onListenerError: (error) => assert.fail(String(error)),
        indexes: { of: byLabel('of') },
      });
      changes.forEach((one, step) => {
        if (one.do === 'put') store.put(anObject(one.name, one.of, `${step}`));
        else if (one.do === 'remove') store.remove(`team/${one.name}`);
        else store.replaceAll(Object.entries(one.of).map(([key, of]) => anObject(key, of, `${step}`)));
        for (const value of ['x', 'y']) {
          const searched = store.read.list().filter(({ metadata }) => metadata.labels?.['of'] === value);
          assert.deepEqual(new Set(store.read.listBy('of', `team/${value}`)), new Set(searched));
        }
      });
      assert.deepEqual(store.read.listBy('of', 'team/absent'), []);
    }),
  );
});

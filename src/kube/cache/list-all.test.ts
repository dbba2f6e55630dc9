import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi, ListOptions, ObjectList } from '../port.ts';
import { configMaps } from '../resources.ts';
import { listAll } from './list-all.ts';

const expired = new KubeError({ code: 410, reason: 'Expired', message: 'the continue token has expired' });

function page(next: string | undefined, ...names: string[]): ObjectList<KubeObject> {
  const items = names.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, resourceVersion: '1' } }));
  return { metadata: { resourceVersion: '7', ...(next === undefined ? {} : { continue: next }) }, items };
}

/** Lists with these answers in turn; which continue tokens were asked for. */
async function listed(answers: (ObjectList<KubeObject> | Error)[]) {
  const asked: (string | undefined)[] = [];
  const api = {
    async list(_resource: unknown, where: ListOptions) {
      asked.push(where.continue);
      assert.deepEqual([where.labelSelector, where.limit], ['app', 500]);
      const answer = answers.shift();
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as KubeApi;
  const whole = await listAll(api, configMaps, { labelSelector: 'app' }).catch((error: unknown) => error);
  const names = whole instanceof Error ? whole : (whole as { items: KubeObject[] }).items.map(({ metadata }) => metadata.name);
  return { names, asked };
}

test('pages are asked for until there is no more', async () => {
  const { names, asked } = await listed([page('t1', 'a', 'b'), page('t2', 'c'), page('', 'd')]);
  assert.deepEqual(
    [names, asked],
    [
      ['a', 'b', 'c', 'd'],
      [undefined, 't1', 't2'],
    ],
  );
});

test('a list that the server has forgotten between two pages begins again, without what it had', async () => {
  const { names, asked } = await listed([page('t1', 'a'), expired, page('t3', 'b'), page(undefined, 'c')]);
  assert.deepEqual(
    [names, asked],
    [
      ['b', 'c'],
      [undefined, 't1', undefined, 't3'],
    ],
  );
});

test('once only, and not for any other reason', async () => {
  const twice = await listed([page('t1', 'a'), expired, page('t2', 'a'), expired, page(undefined, 'a')]);
  assert.deepEqual([twice.names, twice.asked.length], [expired, 4]);
  const reset = new KubeError({ code: 0, reason: 'Unreachable', message: 'reset' });
  assert.deepEqual((await listed([page('t1', 'a'), reset, page(undefined, 'a')])).names, reset);
  assert.deepEqual((await listed([expired, page(undefined, 'a')])).names, expired, 'a first page cannot be forgotten');
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Clock } from '#core/clock.ts';
import type { ConfigMap, KubeObject } from '#core/objects.ts';
import type { Resource, WatchEvent } from '#kube/port.ts';
import { configMaps, customResourceDefinitions } from '#kube/resources.ts';
import { createEmbeddedApi } from './embedded-api.ts';
import type { EmbeddedApi } from './embedded-api.ts';

const me = { fieldManager: 'test' };
const idleClock: Clock = { now: () => Date.UTC(2026, 0, 1), after: () => () => undefined };
const key = { namespace: 'default', name: 'a' };
const things: Resource = { group: 'test.io', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };

function open(file: string, clock = idleClock): Promise<EmbeddedApi> {
  return createEmbeddedApi({ file, clock, random: () => 0.5, newUid: randomUUID });
}

function configMap(name: string, value: string): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } };
}

function definition(properties: object): KubeObject {
  const spec = { type: 'object', properties };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.test.io' },
    spec: {
      group: 'test.io',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
    },
  } as unknown as KubeObject;
}

const thing = (spec: object): KubeObject & { spec: Record<string, unknown> } => ({
  apiVersion: 'test.io/v1',
  kind: 'Thing',
  metadata: { name: 'a', namespace: 'default' },
  spec: { ...spec },
});

describe('embedded API', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'embedded-'));
  });
  after(() => rm(directory, { recursive: true }));

  describe('durability', () => {
    it('has everything again after a restart, under the same versions', async () => {
      const file = join(directory, 'restart.db');
      const first = await open(file);
      const made = await first.api.create(configMaps, configMap('a', '1'), me);
      await first.stop();
      const second = await open(file);
      assert.deepEqual(await second.api.get(configMaps, key), made);
      const next = await second.api.create(configMaps, configMap('b', '1'), me);
      assert.ok(Number(next.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
      await second.stop();
    });

    it('loses no acknowledged write when the process is killed', async () => {
      const file = join(directory, 'killed.db');
      const script = `
        import { createEmbeddedApi } from ${JSON.stringify(new URL('embedded-api.ts', import.meta.url).href)};
        const clock = { now: () => Date.now(), after: () => () => undefined };
        let uid = 0;
        const { api } = await createEmbeddedApi({ file: process.argv[1], clock, random: () => 0.5, newUid: () => String(uid++) });
        const resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
        for (let at = 0; ; at++) {
          await api.create(resource, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n' + at, namespace: 'default' } }, { fieldManager: 'x' });
          process.stdout.write('n' + at + '\\n');
          if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        }`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
      const acknowledged: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        if (acknowledged.length === 100) {
          child.kill('SIGKILL');
        }
      }
      const again = await open(file);
      const kept = new Set((await again.api.list(configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name));
      await again.stop();
      assert.ok(acknowledged.length >= 100);
      assert.deepEqual(
        acknowledged.filter((name) => /^n\d+$/.test(name) && !kept.has(name)),
        [],
      );
    });

    it('refuses a second server on the same file, saying which file and what to do', async () => {
      const file = join(directory, 'twice.db');
      const first = await open(file);
      await assert.rejects(
        open(file),
        (error: Error) => error.message.includes(file) && error.message.includes('another process uses this file'),
      );
      await first.stop();
    });

    it('writes nothing while nothing changes', async () => {
      const file = join(directory, 'rest.db');
      const embedded = await open(file);
      embedded.startControllers();
      await embedded.api.apply(configMaps, configMap('a', '1'), me);
      await new Promise((resolve) => setImmediate(resolve));
      const beforeRest = await stat(`${file}-wal`);
      await embedded.api.apply(configMaps, configMap('a', '1'), me);
      const afterRest = await stat(`${file}-wal`);
      assert.deepEqual([afterRest.size, afterRest.mtimeMs], [beforeRest.size, beforeRest.mtimeMs]);
      await embedded.stop();
    });

    it('fails a write that does not fit, and keeps what it had', async () => {
      const file = join(directory, 'full.db');
      const first = await open(file);
      await first.api.create(configMaps, configMap('a', '1'), me);
      await first.stop();
      // A page limit behaves like a full disk.
      const original = DatabaseSync.prototype.exec;
      DatabaseSync.prototype.exec = function limited(sql) {
        original.call(this, sql);
        if (sql.includes('journal_mode')) {
          original.call(this, 'PRAGMA max_page_count=1');
        }
      };
      try {
        const second = await open(file);
        await assert.rejects(
          second.api.create(configMaps, configMap('big', 'x'.repeat(500_000)), me),
          (error: Error & { code?: number }) => {
            assert.equal(error.code, 500);
            assert.match(error.message, /full\.db.*free some space/);
            return true;
          },
        );
        assert.equal(await second.api.get(configMaps, { namespace: 'default', name: 'big' }), undefined);
        assert.equal((await second.api.get<ConfigMap>(configMaps, key))?.data?.['value'], '1');
        await second.stop();
      } finally {
        DatabaseSync.prototype.exec = original;
      }
    });
  });

  describe('watches', () => {
    it('answer 410 for a version from before a restart, but go on from the last one', async () => {
      const file = join(directory, 'watch.db');
      const first = await open(file);
      const early = await first.api.create(configMaps, configMap('a', '1'), me);
      await first.api.create(configMaps, configMap('b', '1'), me);
      const { metadata } = await first.api.list(configMaps, {});
      await first.stop();
      const second = await open(file);
      await assert.rejects(firstEvent(second, { resourceVersion: early.metadata.resourceVersion ?? '' }), { code: 410, reason: 'Expired' });
      const next = firstEvent(second, { resourceVersion: metadata.resourceVersion });
      await second.api.create(configMaps, configMap('c', '1'), me);
      assert.equal((await next)?.object.metadata.resourceVersion, String(Number(metadata.resourceVersion) + 1));
      await second.stop();
    });

    it('answer 410 when the history no longer reaches back', async () => {
      const embedded = await open(':memory:');
      const made = await embedded.api.create(configMaps, configMap('a', '0'), me);
      for (let at = 1; at < 9_000; at++) {
        await embedded.api.patch(configMaps, key, 'merge', { data: { value: String(at) } }, me);
      }
      await assert.rejects(firstEvent(embedded, { resourceVersion: made.metadata.resourceVersion ?? '' }), { code: 410 });
      await embedded.stop();
    });

    it('end with 410 when the reader falls far behind', async () => {
      const embedded = await open(':memory:');
      await embedded.api.create(configMaps, configMap('a', '0'), me);
      const events = embedded.api.watch(configMaps, {})[Symbol.asyncIterator]();
      await events.next();
      for (let at = 1; at < 5_000; at++) {
        await embedded.api.patch(configMaps, key, 'merge', { data: { value: String(at) } }, me);
      }
      await assert.rejects(
        (async () => {
          for (let next = await events.next(); next.done !== true; next = await events.next());
        })(),
        { code: 410 },
      );
      await embedded.stop();
    });

    it('send bookmarks once a minute to those who ask', async () => {
      const timers: (() => void)[] = [];
      const embedded = await open(':memory:', { now: () => 0, after: (_delayMs, task) => (timers.push(task), () => undefined) });
      const { metadata } = await embedded.api.list(configMaps, {});
      const next = firstEvent(embedded, { allowWatchBookmarks: true, resourceVersion: metadata.resourceVersion });
      timers[0]?.();
      assert.deepEqual(await next, { type: 'BOOKMARK', object: { metadata: { resourceVersion: metadata.resourceVersion } } });
      await embedded.stop();
    });

    it('end when the server stops', async () => {
      const embedded = await open(':memory:');
      const next = firstEvent(embedded, { labelSelector: 'never' });
      await embedded.stop();
      assert.equal(await next, undefined);
    });
  });

  describe('definitions', () => {
    it('give new defaults to objects stored before, without writing them', async () => {
      const { api, stop } = await open(':memory:');
      await api.create(customResourceDefinitions, definition({ a: { type: 'integer' } }), me);
      const made = await api.create(things, thing({ a: 1 }), me);
      await api.patch(
        customResourceDefinitions,
        { name: 'things.test.io' },
        'json',
        [
          {
            op: 'add',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b',
            value: { type: 'string', default: 'x' },
          },
        ],
        me,
      );
      const read = await api.get<typeof made>(things, key);
      assert.deepEqual([read?.spec, read?.metadata.resourceVersion], [{ a: 1, b: 'x' }, made.metadata.resourceVersion]);
      await stop();
    });

    it('are refused when a rule does not compile', async () => {
      const { api, stop } = await open(':memory:');
      const broken = definition({ a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >' }] } });
      await assert.rejects(api.create(customResourceDefinitions, broken, me), /compilation failed/);
      await stop();
    });

    it('take their objects with them when deleted', async () => {
      const embedded = await open(':memory:');
      const { api } = embedded;
      embedded.startControllers();
      await api.create(customResourceDefinitions, definition({}), me);
      await api.create(things, thing({}), me);
      const watch = api.watch(customResourceDefinitions, {})[Symbol.asyncIterator]();
      await watch.next();
      await api.remove(customResourceDefinitions, { name: 'things.test.io' });
      for (let next = await watch.next(); next.value?.type !== 'DELETED'; next = await watch.next());
      await assert.rejects(api.list(things, {}), { code: 404 });
      await embedded.stop();
    });
  });

  describe('admission', () => {
    it('changes objects before the schema is checked and refuses with a cause per field', async () => {
      const embedded = await open(':memory:');
      await embedded.api.create(customResourceDefinitions, definition({ a: { type: 'integer' } }), me);
      const seen: string[] = [];
      embedded.registerAdmission(things, {
        mutate: ({ object }) => ({ ...object, spec: { a: 7, ...(object as ReturnType<typeof thing>).spec } }),
        validate: ({ operation, object, oldObject }) => {
          seen.push(`${operation}${oldObject === undefined ? '' : ' old'}`);
          const { a } = (object as ReturnType<typeof thing>).spec;
          return { errors: a === 13 ? [{ field: 'spec.a', message: 'Invalid value: 13: unlucky' }] : [], warnings: [] };
        },
      });
      const made = await embedded.api.create(things, thing({}), me);
      assert.deepEqual(made.spec, { a: 7 });
      await assert.rejects(embedded.api.patch(things, key, 'merge', { spec: { a: 13 } }, me), {
        code: 422,
        message: 'Thing.test.io "a" is invalid: spec.a: Invalid value: 13: unlucky',
        causes: [{ reason: 'FieldValueInvalid', message: 'Invalid value: 13: unlucky', field: 'spec.a' }],
      });
      await embedded.api.remove(things, key);
      assert.deepEqual(seen, ['CREATE', 'UPDATE old', 'DELETE old']);
      await embedded.stop();
    });
  });
});

async function firstEvent(
  { api }: EmbeddedApi,
  where: Parameters<EmbeddedApi['api']['watch']>[1],
): Promise<WatchEvent<KubeObject> | undefined> {
  for await (const event of api.watch(configMaps, where)) {
    return event;
  }
  return undefined;
}

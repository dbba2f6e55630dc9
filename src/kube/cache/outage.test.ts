// What many caches do to one API server that is away, comes back, and has forgotten their versions: counted, on a fake clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { KubeObject } from '#core/objects.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi, WatchEvent, WatchOptions } from '../port.ts';
import { configMaps } from '../resources.ts';
import { createReflector } from './reflector.ts';

const away = new KubeError({ code: 0, reason: 'Unreachable', message: 'connection refused' });
const forgotten = new KubeError({ code: 410, reason: 'Expired', message: 'too old resource version' });

/** Minstd (Park and Miller): a random that is the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** One server that many watch; `version` below `oldest` is refused with 410. */
function aServer() {
  const clock = createFakeClock();
  const startedAt = clock.now();
  const counted = { lists: 0, watches: 0, listedAt: [] as number[] };
  const state = { isAway: false, version: 5, oldest: 0 };
  const open = new Set<(error: Error) => void>();
  const api = {
    async list() {
      counted.lists += 1;
      if (state.isAway) throw away;
      counted.listedAt.push(clock.now() - startedAt);
      return { metadata: { resourceVersion: `${state.version}` }, items: [] };
    },
    async *watch(_resource: unknown, { resourceVersion }: WatchOptions, { signal }: { signal: AbortSignal }) {
      counted.watches += 1;
      if (state.isAway) throw away;
      if (Number(resourceVersion) < state.oldest) throw forgotten;
      const broken = Promise.withResolvers<WatchEvent<KubeObject>>();
      open.add(broken.reject);
      signal.addEventListener('abort', () => broken.reject(new Error('aborted')));
      yield await broken.promise;
    },
  } as unknown as KubeApi;
  const cut = (): void => {
    for (const reject of open) reject(away);
    open.clear();
  };
  return { api, clock, state, counted, cut, open };
}

async function watched(t: TestContext, reflectors: number) {
  const server = aServer();
  for (let one = 1; one <= reflectors; one += 1) {
    const { api, clock } = server;
    const reflector = createReflector({ api, resource: configMaps, where: {}, clock, random: seeded(one * 7919), log: silentLog });
    reflector.start();
    t.after(() => reflector.stop());
  }
  await settled();
  /** Time that passes with everything that falls due on the way done in its turn. */
  const pass = async (ms: number, stepMs = 50): Promise<void> => {
    for (let left = ms; left > 0; left -= stepMs) {
      server.clock.advance(Math.min(left, stepMs));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settled();
  };
  return { ...server, pass };
}

test('a server that is away for ten minutes is asked some forty times by each cache, and never for a list', async (t) => {
  const { state, counted, cut, pass, open } = await watched(t, 20);
  assert.deepEqual([counted.lists, counted.watches], [20, 20]);
  state.isAway = true;
  cut();
  await pass(600_000, 1_000);
  assert.equal(counted.lists, 20);
  const triesEach = (counted.watches - 20) / 20;
  assert.ok(triesEach > 20 && triesEach < 70, `${triesEach} tries each`);
  state.isAway = false;
  await pass(30_000, 1_000);
  assert.deepEqual([counted.lists, open.size], [20, 20], 'all watch again from where they were');
});

test('a server that comes back without its history is listed once by each cache, spread over a second and more', async (t) => {
  const { state, counted, cut, pass, open } = await watched(t, 50);
  Object.assign(state, { version: 900, oldest: 900 });
  cut();
  counted.listedAt.length = 0;
  await pass(60_000);
  assert.deepEqual([counted.lists, open.size], [100, 50]);
  const [first, last] = [Math.min(...counted.listedAt), Math.max(...counted.listedAt)];
  assert.ok(last - first > 500, `within ${last - first} ms`);
  const busiest = Math.max(...counted.listedAt.map((at) => counted.listedAt.filter((other) => Math.abs(other - at) <= 50).length));
  assert.ok(busiest <= 20, `${busiest} lists within 100 ms`);
});

test('a server that forgets everything at once, again and again, is not listed without end', async (t) => {
  const { state, counted, cut, pass } = await watched(t, 10);
  // Whatever is listed is too old to be watched.
  state.oldest = Number.MAX_SAFE_INTEGER;
  cut();
  await pass(600_000, 500);
  const listsEach = (counted.lists - 10) / 10;
  assert.ok(listsEach > 15 && listsEach < 70, `${listsEach} lists each in ten minutes`);
});

// Several gateways of one installation in one process: one clock, one route table, one seal key, one address for clients.
import type { TestContext } from 'node:test';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { createKeyRing, createSealKey, type KeyRing } from '#gateway/hold/seal-key.ts';
import { createFakeClock, type FakeClock } from '../../fakes/fake-clock.ts';
import { createBench, type Bench, type BenchOptions, type Page } from './setup.ts';

export const host = 'gw.example:8080';

export function aKey(seed: number): ReturnType<typeof createSealKey> {
  return createSealKey(Buffer.alloc(32, seed));
}

export const sharedKeys = (): KeyRing => createKeyRing({ current: aKey(1), isShared: true });

export interface Replicas {
  readonly all: readonly Bench[];
  readonly clock: FakeClock;
  /** Another one, or the same after a restart: it knows nothing but the keys and the routes. */
  start(options?: BenchOptions): Promise<Bench>;
  route(...entries: readonly RouteEntry[]): void;
}

export async function createReplicas(t: TestContext, count: number, routes: readonly RouteEntry[]): Promise<Replicas> {
  const clock = createFakeClock();
  const all: Bench[] = [];
  let entries = routes;
  const replicas: Replicas = {
    all,
    clock,
    async start(options = {}) {
      const shard = `g${'abcdefgh'[all.length] ?? 'x'}`;
      const bench = await createBench(t, { isOnlyReplica: false, keys: sharedKeys, host, clock, shard, routes: entries, ...options });
      all.push(bench);
      return bench;
    },
    route(...more) {
      entries = [...entries, ...more];
      for (const bench of all) bench.route(...more);
    },
  };
  for (let index = 0; index < count; index += 1) await replicas.start();
  return replicas;
}

/** Lets the POST's own hold pass, and returns the page that says it waits. */
export async function postHeld(bench: Bench, sql: string | Buffer = 'SELECT 1', headers: readonly string[] = []): Promise<Page> {
  const { page } = await bench.drive(bench.send('POST', '/v1/statement', { headers: ['X-Trino-User', 'ann', ...headers], body: sql }));
  return page;
}

/** A poll that waits its time out. */
export async function poll(bench: Bench, page: Page, headers: readonly string[] = []): Promise<Page> {
  return (await bench.drive(bench.send('GET', page.nextUri ?? '', { headers }))).page;
}

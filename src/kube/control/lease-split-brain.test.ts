// Never two leaders: whatever the network does to each call, with clocks that run at different speeds, processes that die and
// processes that stop, at no instant two of them hold a term. And when the faults end, one leads again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Clock } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { pause } from '#core/pause.ts';
import { silentLog } from '#observe/log.ts';
import { createManualClock } from '../../../test/fakes/manual-clock.ts';
import { KubeError } from '../errors.ts';
import type { CallOptions, KubeApi } from '../port.ts';
import { createLeaseElection } from './lease.ts';

const never = new AbortController().signal;

/** Minstd (Park and Miller). */
function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** One Lease behind a network that delays, loses and repeats nothing; `badness` in [0, 1] is the share of calls that suffer. */
function aServer(clock: Clock, random: () => number, network: { badness: number }) {
  let stored: Lease | undefined;
  let version = 0;
  const store = (lease: Lease): Lease => {
    version += 1;
    return (stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } });
  };
  const conflict = (reason: 'Conflict' | 'AlreadyExists'): never => {
    throw new KubeError({ code: 409, reason, message: reason });
  };
  const isBad = (): boolean => random() < network.badness;
  const travel = (): Promise<void> => pause(clock, isBad() ? random() * 20_000 : random() * 100, never);

  /** The work is done at the server whether or not the caller still waits for it. */
  async function call<T>(work: () => T, options: CallOptions | undefined): Promise<T> {
    const givenUp = Promise.withResolvers<never>();
    const unreachable = new KubeError({ code: 0, reason: 'Unreachable', message: 'no answer' });
    const cancel = clock.after(options?.timeoutMs ?? 30_000, () => givenUp.reject(unreachable));
    const answered = (async () => {
      await travel();
      if (isBad()) return new Promise<never>(() => undefined);
      if (isBad()) throw new KubeError({ code: 500, reason: 'InternalError', message: 'etcd is away' });
      if (isBad()) conflict('Conflict');
      const result = work();
      await travel();
      if (isBad()) throw new KubeError({ code: 0, reason: 'Unreachable', message: 'the answer got lost' });
      return result;
    })();
    try {
      return await Promise.race([answered, givenUp.promise]);
    } finally {
      cancel();
    }
  }
  const api = {
    get: (_resource: unknown, _key: unknown, options: CallOptions) => call(() => stored, options),
    create: (_resource: unknown, lease: Lease, options: CallOptions) =>
      call(() => (stored === undefined ? store(lease) : conflict('AlreadyExists')), options),
    replace: (_resource: unknown, lease: Lease, options: CallOptions) =>
      call(() => (stored?.metadata.resourceVersion === lease.metadata.resourceVersion ? store(lease) : conflict('Conflict')), options),
  } as unknown as KubeApi;
  return { api, holder: () => stored?.spec.holderIdentity };
}

const scenario = fc.record({
  seed: fc.nat(),
  processes: fc.integer({ min: 2, max: 4 }),
  badness: fc.constantFrom(0, 0.05, 0.2, 0.5),
  /** A tenth of the way from lossless to lost: 15 s of the slowest are more than 10 s of the fastest. */
  drift: fc.constantFrom(0, 0.05, 0.15),
  ends: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 120_000 }), which: fc.nat(3), how: fc.constantFrom('dies', 'stops') }), {
    maxLength: 3,
  }),
});

test('at no instant two processes hold a term, and one does when the faults are over', async () => {
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ seed, processes, badness, drift, ends }) => {
      const clock = createManualClock();
      const random = seeded(seed);
      const network = { badness };
      const { api, holder } = aServer(clock, random, network);
      const leading = new Set<string>();
      const alive = new Map<string, AbortController>();

      async function run(identity: string): Promise<void> {
        const rate = 1 + drift * (2 * random() - 1);
        const own: Clock = { now: () => clock.now(), after: (delayMs, task) => clock.after(delayMs * rate, task) };
        const ending = new AbortController();
        alive.set(identity, ending);
        const gone = (): boolean => !alive.has(identity);
        const election = createLeaseElection({
          // A dead process sends nothing more; what it has sent may still arrive.
          api: new Proxy(api, {
            get: (target, verb) => (gone() ? () => new Promise(() => undefined) : (Reflect.get(target, verb) as unknown)),
          }),
          clock: own,
          random,
          log: silentLog,
          namespace: 'default',
          name: 'leader',
          identity,
          fieldManager: 'test',
        });
        while (!ending.signal.aborted && !gone()) {
          const term = await election.acquire(ending.signal);
          if (term === undefined || gone()) return;
          terms += 1;
          if (term.isHeld()) leading.add(identity);
          assert.ok(leading.size <= 1, `${[...leading].join(' and ')} lead at ${clock.now()}`);
          await new Promise<void>((resolve) => {
            term.lost.addEventListener('abort', () => {
              leading.delete(identity);
              resolve();
            });
            if (term.lost.aborted) resolve();
            ending.signal.addEventListener('abort', () => resolve());
          });
          leading.delete(identity);
          await pause(clock, random() * 4_000, never);
          await term.release();
        }
      }

      const runs = Array.from({ length: processes }, (_, one) => run(`p${one}`));
      const failed = Promise.all(runs);
      failed.catch(() => undefined);
      let now = 0;
      for (const { atMs, which, how } of ends.toSorted((a, b) => a.atMs - b.atMs)) {
        await clock.advance(atMs - now);
        now = atMs;
        const identity = `p${which}`;
        if (how === 'stops') alive.get(identity)?.abort();
        else leading.delete(identity);
        if (how === 'dies') alive.delete(identity);
      }
      await clock.advance(180_000 - now);
      network.badness = 0;
      await clock.advance(60_000);
      await Promise.race([failed, Promise.resolve()]);
      const standing = [...alive].filter(([, ending]) => !ending.signal.aborted);
      if (standing.length === 0) return;
      assert.deepEqual([...leading], [holder()]);
    }),
    { numRuns: 75 },
  );
  assert.ok(terms > 100, `leaders came and went: ${terms} terms`);
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Clock } from '#core/clock.ts';
import type { Lease } from '#core/objects.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { silentLog } from '#observe/log.ts';
import { createManualClock } from '../../../test/fakes/manual-clock.ts';
import { KubeError } from '../errors.ts';
import type { KubeApi } from '../port.ts';
import { leases } from '../resources.ts';
import { createLeaseElection } from './lease.ts';
import type { Term } from './lease.ts';

const key = { namespace: 'default', name: 'leader' };
const by = { fieldManager: 'test' };

/** A real API in memory, and processes that stand for election on it. */
async function anElection(t: TestContext) {
  const clock = createManualClock();
  const embedded = await createEmbeddedApi({ file: ':memory:', clock, random: () => 0.5, newUid: randomUUID });
  t.after(() => embedded.stop());
  const { api } = embedded;
  const stop = new AbortController();
  t.after(() => stop.abort());

  /** `wire`: whether its calls arrive, are lost, or never come back because the process is dead. */
  function stand(identity: string, own: Clock = clock) {
    const process = { wire: 'up' as 'up' | 'cut' | 'dead', calls: 0, term: undefined as Term | undefined, since: 0 };
    const through = async <T>(call: () => Promise<T>): Promise<T> => {
      process.calls += 1;
      if (process.wire === 'dead') return new Promise<never>(() => undefined);
      if (process.wire === 'cut') throw new KubeError({ code: 0, reason: 'Unreachable', message: 'cut off' });
      return call();
    };
    const wired = {
      get: (...args: Parameters<KubeApi['get']>) => through(() => api.get(...args)),
      create: (...args: Parameters<KubeApi['create']>) => through(() => api.create(...args)),
      replace: (...args: Parameters<KubeApi['replace']>) => through(() => api.replace(...args)),
    } as unknown as KubeApi;
    const told: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void told.push(message), error: (message: string) => void told.push(message) };
    const holders: string[] = [];
    const election = createLeaseElection({
      api: wired,
      clock: own,
      random: () => 0.5,
      log,
      ...key,
      identity,
      fieldManager: 'operator',
      onHolder: (holder) => holders.push(holder),
    });
    const enter = async (): Promise<void> => {
      const term = await election.acquire(stop.signal);
      process.since = clock.now();
      process.term = term;
    };
    return { process, told, holders, enter };
  }
  const lease = async (): Promise<Lease> => (await api.get<Lease>(leases, key)) as Lease;
  return { api, clock, stand, lease };
}

test('one leads and renews every two seconds, the other waits', async (t) => {
  const { clock, stand, lease } = await anElection(t);
  const [one, two] = [stand('one'), stand('two')];
  void one.enter();
  await clock.advance(10);
  void two.enter();
  await clock.advance(60_000);
  assert.ok(one.process.term?.isHeld());
  assert.equal(two.process.term, undefined);
  const { spec } = await lease();
  assert.deepEqual([spec.holderIdentity, spec.leaseDurationSeconds, spec.leaseTransitions], ['one', 15, 0]);
  assert.equal(Date.parse(spec.acquireTime ?? ''), 1_000_000);
  assert.ok(clock.now() - Date.parse(spec.renewTime ?? '') <= 2_000);
  assert.match(spec.renewTime ?? '', /\.\d{6}Z$/);
  assert.deepEqual([one.holders, two.holders], [['one'], ['one']]);
  assert.ok(one.process.calls < 40, `${one.process.calls} calls in a minute`);
});

test('a leader that died is followed when its Lease has not changed for its whole duration, and no sooner', async (t) => {
  const { clock, stand, lease } = await anElection(t);
  const [one, two] = [stand('one'), stand('two')];
  void one.enter();
  void two.enter();
  await clock.advance(30_000);
  one.process.wire = 'dead';
  const renewedAt = Date.parse((await lease()).spec.renewTime ?? '');
  await clock.advance(30_000);
  assert.ok(two.process.term?.isHeld());
  const waitedMs = two.process.since - renewedAt;
  assert.ok(waitedMs >= 15_000 && waitedMs <= 15_000 + 2 * 3_200, `${waitedMs} ms`);
  assert.deepEqual([(await lease()).spec.leaseTransitions, two.holders], [1, ['one', 'two']]);
});

test('a leader that stops cleanly is followed at the next look', async (t) => {
  const { clock, stand, lease } = await anElection(t);
  const [one, two] = [stand('one'), stand('two')];
  void one.enter();
  void two.enter();
  await clock.advance(30_000);
  const stoppedAt = clock.now();
  await one.process.term?.release();
  assert.equal((await lease()).spec.holderIdentity, undefined);
  assert.equal(one.process.term?.lost.aborted, false, 'it has not lost anything');
  await clock.advance(5_000);
  assert.ok(two.process.term?.isHeld());
  assert.ok(two.process.since - stoppedAt <= 4_400);
  assert.deepEqual(two.holders, ['one', '', 'two']);
  const calls = one.process.calls;
  await clock.advance(60_000);
  assert.equal(one.process.calls, calls, 'who has released it leaves it alone');
});

test('a leader that is cut off stops five seconds before anybody may follow, and says so', async (t) => {
  const { clock, stand } = await anElection(t);
  const [one, two] = [stand('one'), stand('two')];
  void one.enter();
  void two.enter();
  await clock.advance(30_000);
  one.process.wire = 'cut';
  let lostAt = 0;
  one.process.term?.lost.addEventListener('abort', () => (lostAt = clock.now()));
  await clock.advance(40_000);
  assert.ok(two.process.since - lostAt >= 5_000, `${two.process.since - lostAt} ms`);
  assert.ok(lostAt - 1_030_000 <= 10_000);
  assert.equal(one.process.term?.isHeld(), false);
  assert.ok(one.told.includes('lost the Lease of the leader, stopping what works'));
  assert.ok(one.told.includes('what works has not ended in time: another leader may work beside it'));
});

test('one that lost its Lease and ended its work in time may stand again, and gets nothing that is not its own', async (t) => {
  const { clock, stand, lease } = await anElection(t);
  const [one, two] = [stand('one'), stand('two')];
  void one.enter();
  void two.enter();
  await clock.advance(10_000);
  one.process.wire = 'cut';
  one.process.term?.lost.addEventListener('abort', () => void one.process.term?.release().then(one.enter));
  await clock.advance(30_000);
  one.process.wire = 'up';
  await clock.advance(30_000);
  assert.ok(two.process.term?.isHeld());
  assert.equal(one.process.term?.isHeld(), false);
  assert.ok(!one.told.some((line) => line.startsWith('what works')));
  await two.process.term?.release();
  await clock.advance(5_000);
  assert.ok(one.process.term?.isHeld());
  assert.equal((await lease()).spec.leaseTransitions, 2);
});

test('a process that stood still for too long knows it before its timers do', async (t) => {
  const { clock, stand } = await anElection(t);
  let aheadMs = 0;
  const one = stand('one', { now: () => clock.now() + aheadMs, after: clock.after });
  void one.enter();
  await clock.advance(10_000);
  assert.ok(one.process.term?.isHeld());
  aheadMs = 20_000;
  assert.equal(one.process.term?.isHeld(), false);
  assert.ok(one.process.term?.lost.aborted);
});

test('an answer that comes when its time is over makes nobody leader', async (t) => {
  const { api, clock, lease } = await anElection(t);
  let delayMs = 11_000;
  const late = {
    get: (...args: Parameters<KubeApi['get']>) => api.get(...args),
    async create(...args: Parameters<KubeApi['create']>) {
      const made = await api.create(...args);
      await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      return made;
    },
    replace: (...args: Parameters<KubeApi['replace']>) => api.replace(...args),
  } as unknown as KubeApi;
  const election = createLeaseElection({ api: late, clock, random: () => 0, log: silentLog, ...key, identity: 'one', fieldManager: 'm' });
  let since = 0;
  const enter = async (): Promise<void> => {
    const term = await election.acquire(new AbortController().signal);
    assert.ok(term?.isHeld());
    since = clock.now();
  };
  void enter();
  await clock.advance(11_500);
  assert.deepEqual([since, (await lease()).spec.holderIdentity], [0, 'one']);
  delayMs = 0;
  await clock.advance(5_000);
  assert.ok(since > 0, 'it is still ours to take');
});

test('whose clock is wrong by a year neither waits longer nor takes it sooner', async (t) => {
  const { clock, stand } = await anElection(t);
  const yearMs = 365 * 24 * 60 * 60_000;
  const one = stand('one');
  const two = stand('two', { now: () => clock.now() + yearMs, after: clock.after });
  const three = stand('three', { now: () => clock.now() - yearMs, after: clock.after });
  void one.enter();
  await clock.advance(10);
  void two.enter();
  void three.enter();
  await clock.advance(60_000);
  assert.ok(one.process.term?.isHeld());
  one.process.wire = 'dead';
  await clock.advance(25_000);
  assert.equal([two, three].filter(({ process }) => process.term?.isHeld()).length, 1);
});

test('what others write beside is kept: their fields stay, and the leader stays leader', async (t) => {
  const { api, clock, stand, lease } = await anElection(t);
  const one = stand('one');
  void one.enter();
  await clock.advance(1_000);
  const foreign = { metadata: { labels: { team: 'x' } }, spec: { preferredHolder: 'somebody' } };
  await api.patch(leases, key, 'merge', foreign, by);
  await clock.advance(30_000);
  const { metadata, spec } = await lease();
  assert.deepEqual([metadata.labels, (spec as { preferredHolder?: string }).preferredHolder], [{ team: 'x' }, 'somebody']);
  assert.ok(one.process.term?.isHeld());
});

test('a Lease that was deleted is made again by its leader; one that was given to another ends it at once', async (t) => {
  const { api, clock, stand, lease } = await anElection(t);
  const one = stand('one');
  void one.enter();
  await clock.advance(1_000);
  await api.remove(leases, key);
  await clock.advance(5_000);
  assert.deepEqual([(await lease()).spec.holderIdentity, one.process.term?.isHeld()], ['one', true]);
  await api.patch(leases, key, 'merge', { spec: { holderIdentity: 'two' } }, by);
  await clock.advance(4_100);
  assert.equal(one.process.term?.isHeld(), false);
});

test('a process that is to end leaves the line', async (t) => {
  const { api, clock, stand, lease } = await anElection(t);
  const one = stand('one');
  void one.enter();
  await clock.advance(1_000);
  const ending = new AbortController();
  const two = createLeaseElection({ api, clock, random: () => 0, log: silentLog, ...key, identity: 'two', fieldManager: 'm' });
  const outcome = two.acquire(ending.signal);
  await clock.advance(10_000);
  ending.abort();
  assert.equal(await outcome, undefined);
  await one.process.term?.release();
  await clock.advance(30_000);
  assert.equal((await lease()).spec.holderIdentity, undefined);
});

test('times that leave no room between losing and taking are refused', () => {
  const init = {
    api: {} as KubeApi,
    clock: createManualClock(),
    random: () => 0,
    log: silentLog,
    ...key,
    identity: 'a',
    fieldManager: 'm',
  };
  assert.throws(() => createLeaseElection({ ...init, times: { leaseMs: 10_000, renewWithinMs: 10_000, retryMs: 2_000 } }), RangeError);
  assert.throws(() => createLeaseElection({ ...init, times: { leaseMs: 15_000, renewWithinMs: 2_000, retryMs: 2_000 } }), RangeError);
});

// What the memory of a gateway keeps of a statement after its hand-over (trino-protocol section 9, row 76), how a crowd is told, and
// what it asks (row 97).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled, type FakeClock } from '../../../test/fakes/fake-clock.ts';
import { Departure } from '../http/departure.ts';
import { createDemandKeeper } from './demand.ts';
import type { HeldStatement, Outcome } from './held-statement.ts';
import { Gaps } from './gaps.ts';
import { defaultHoldLimits, HoldQueue, type NewStatement } from './hold-queue.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { pollHoldMs } from './poll-pace.ts';
import { WaitingRequest } from './waiting-request.ts';

const outcome: Outcome = {
  answer: { status: 200, headers: [], body: Buffer.from('{}') },
  realId: '20260101_000000_00000_abcde',
  nextUri: 'http://gw/v1/statement/queued/20260101_000000_00000_abcde/y/1',
  coordinatorUrl: 'http://127.0.0.1:1',
};

const aStatement: NewStatement = {
  runtime: 'team/a',
  subject: { user: 'ann' },
  patienceMs: 1,
  headers: [
    ['Authorization', 'Basic hunter2'],
    ['X-Trino-Extra-Credential', 'key=hunter2'],
  ],
  body: Buffer.from('SELECT hunter2'),
  forwarded: { protocol: 'http', host: 'gw', clientAddress: '::1', prefix: '' },
  origin: 'http://gw',
};

function aQueue(limits = defaultHoldLimits): { readonly clock: FakeClock; readonly queue: HoldQueue } {
  const clock = createFakeClock();
  const demand = createDemandKeeper({ ask: () => Promise.resolve(), end: () => Promise.resolve() }, clock, silentLog);
  const budget = createMemoryBudget(limits.totalBytes);
  const queue = new HoldQueue({
    gaps: new Gaps(clock),
    clock,
    demand,
    limits,
    budget,
    shard: 'gz',
    firstSequence: 0,
    needsDemand: () => false,
  });
  return { clock, queue };
}

function aHeldStatement(): { queue: HoldQueue; held: HeldStatement } {
  const { queue } = aQueue();
  const held = queue.admit(aStatement);
  assert.ok('id' in held);
  held.token = 0;
  held.freshAuthorization = 'Bearer hunter2';
  return { queue, held };
}

function secretsIn(held: HeldStatement): boolean {
  return `${JSON.stringify(held)} ${held.body.toString()}`.includes('hunter2');
}

it('among several gateways neither credentials nor SQL outlive the hand-over', () => {
  const { queue, held } = aHeldStatement();
  assert.ok(secretsIn(held));
  queue.handOver(held, outcome, false);
  assert.ok(!secretsIn(held));
  assert.equal(queue.find(held.id), held, 'the answer is kept for a client that lost it');
  assert.deepEqual(queue.realIdOf(held.id), { runtime: 'team/a', realId: outcome.realId, hasBegun: false });
});

it('of the only gateway they are kept until the first page of the query is asked for, for another coordinator', () => {
  const { queue, held } = aHeldStatement();
  queue.handOver(held, outcome, true);
  assert.ok(secretsIn(held));
  queue.begun(held);
  assert.ok(!secretsIn(held));
  assert.equal(queue.realIdOf(held.id)?.hasBegun, true);
});

class Listening extends WaitingRequest {
  readonly #onLook: () => void;

  constructor(held: HeldStatement, gone: Departure, queue: HoldQueue, onLook: () => void) {
    super(held, gone, queue);
    this.#onLook = onLook;
  }

  look(): void {
    this.#onLook();
  }
}

/** In turns of the event loop: no time passes. */
async function untilTold(told: readonly number[], count: number): Promise<void> {
  for (let turn = 0; told.length < count && turn < 2_000; turn += 1) await settled();
}

it('of several requests for one statement each waits for itself: who goes is told alone, and what changes is told to all others', async () => {
  const { clock, queue } = aQueue();
  const held = queue.admit(aStatement);
  assert.ok('id' in held);
  const clients = Array.from({ length: 20_000 }, () => new Departure());
  const told: number[] = [];
  clients.forEach((gone, index) => queue.onChange(new Listening(held, gone, queue, () => told.push(index)), index === 7 ? 50 : 1_000));
  clients[0]?.abort();
  clients[19_999]?.abort();
  clock.advance(60);
  await settled();
  assert.deepEqual(told, [0, 19_999, 7]);
  queue.nudge(held);
  await untilTold(told, 20_000);
  assert.deepEqual([new Set(told).size, told.length, queue.openRequests, held.openRequest], [20_000, 20_000, 0, undefined]);
});

it('a change is told to a crowd in the order of its line, a few at a time, so that what else comes is served between them', async () => {
  const { clock, queue } = aQueue();
  const told: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const held = queue.admit(aStatement);
    assert.ok('id' in held);
    queue.onChange(new Listening(held, new Departure(), queue, () => told.push(index)), 1_000);
  }
  assert.equal(queue.openRequests, 100);
  queue.notify(['team/a']);
  assert.deepEqual(told, [], 'never within what tells them');
  await settled();
  assert.ok(told.length > 0 && told.length < 50, `at once: ${told.length}`);
  while (clock.pendingDelays()[0] === 0) clock.advance(0);
  await untilTold(told, 100);
  assert.deepEqual(
    told,
    Array.from({ length: 100 }, (_, index) => index),
  );
  assert.equal(queue.openRequests, 0);
});

it('10,000 who wait ask some 500 times a second, in no second many more, as their polls are kept for 19.5 s, and 99 of 100 polls are answered within 100 ms of that [row 97]', async () => {
  const { clock, queue } = aQueue({ perRuntime: 10_000, perUser: 10_000, totalBytes: 1e9 });
  const lateMs: number[] = [];
  const perSecond: number[] = [];
  const poll = (held: HeldStatement, token: number): void => {
    const askedAt = clock.now();
    const holdMs = pollHoldMs(token, undefined, held.id, 10_000);
    const onLook = (): void => {
      const second = Math.floor((clock.now() - begunAt) / 1_000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
      lateMs.push(clock.now() - askedAt - holdMs);
      poll(held, token + 1);
    };
    queue.onChange(new Listening(held, new Departure(), queue, onLook), holdMs);
  };
  const begunAt = clock.now();
  // A turn of the event loop takes two milliseconds here. They come within ten seconds, and wait for a minute and a half.
  for (let ms = 0; ms < 100_000; ms += 2) {
    const coming = ms < 10_000 ? 2 : 0;
    for (let come = 0; come < coming; come += 1) {
      const held = queue.admit(aStatement);
      assert.ok('id' in held);
      poll(held, 0);
    }
    clock.advance(2);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(queue.openRequests, 10_000);
  lateMs.sort((a, b) => a - b);
  const [p99 = Infinity] = lateMs.slice(Math.floor(lateMs.length * 0.99));
  assert.ok((lateMs[0] ?? -1) >= 0 && p99 <= 100, `${lateMs[0]} to ${p99} ms late`);
  // From when all have come to their long polls.
  const steady = perSecond.slice(40, 98);
  const perHold = steady.reduce((sum, count) => sum + count, 0) / steady.length;
  assert.ok(perHold > 450 && perHold < 570, `${perHold} a second`);
  assert.ok(Math.max(...steady) < 620, `${Math.max(...steady)} in one second`);
});

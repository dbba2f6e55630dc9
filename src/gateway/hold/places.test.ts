// In which order those who waited get the places of a runtime that can take them.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled, type FakeClock } from '../../../test/fakes/fake-clock.ts';
import { Departure } from '../http/departure.ts';
import { createDemandKeeper } from './demand.ts';
import type { HeldStatement } from './held-statement.ts';
import { Gaps } from './gaps.ts';
import { HoldQueue } from './hold-queue.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { createPlaces } from './places.ts';
import { WaitingRequest } from './waiting-request.ts';

const runtime = 'team/a';
const users = 4;
const perUser = 100;

function aQueue(clock: FakeClock): HoldQueue {
  return new HoldQueue({
    gaps: new Gaps(clock),
    clock,
    demand: createDemandKeeper({ ask: () => Promise.resolve(), end: () => Promise.resolve() }, clock, silentLog),
    limits: { perRuntime: 1_000, perUser: 1_000, totalBytes: 1e9 },
    budget: createMemoryBudget(1e9),
    shard: 'gz',
    firstSequence: 0,
    needsDemand: () => false,
  });
}

function admit(queue: HoldQueue, user: string, text: string, to = runtime): HeldStatement {
  const held = queue.admit({
    runtime: to,
    subject: { user },
    patienceMs: 60_000,
    headers: [],
    body: Buffer.from(text),
    forwarded: { protocol: 'http', host: 'gw', clientAddress: '::1', prefix: '' },
    origin: 'http://gw',
  });
  assert.ok('id' in held);
  return held;
}

it('a crowd of several users comes user by user and each in the order of arrival, whoever polls anew meanwhile', async () => {
  const clock = createFakeClock();
  let isServing = false;
  const queue = aQueue(clock);
  const running = { countOf: () => 0 };
  const places = createPlaces({ queue, running, boundOf: () => undefined, isServing: () => isServing, clock });
  const order: string[] = [];

  /** The coordinator takes some turns of the event loop for it. */
  async function submit(held: HeldStatement): Promise<void> {
    order.push(held.body.toString());
    held.state = 'SUBMITTING';
    await settled();
    held.state = 'HANDED_OVER';
    queue.drop(held);
    places.left(runtime);
  }

  /** As a request of a held statement does. */
  class Poll extends WaitingRequest {
    look(): void {
      if (isServing && places.take(this.held)) void submit(this.held);
      else queue.onChange(this, 1_000 + (order.length % 7));
    }
  }

  const poll = (held: HeldStatement): void => new Poll(held, new Departure(), queue).look();
  for (let index = 0; index < perUser; index += 1) {
    for (let user = 0; user < users; user += 1) {
      const held = admit(queue, `user-${user}`, `${user} ${index}`);
      poll(held);
      clock.advance(3);
    }
  }
  // Many polls are over just now, and those who asked them are about to look.
  clock.advance(500);
  isServing = true;
  queue.notify([runtime]);
  for (let turn = 0; turn < 1_000 && order.length < users * perUser; turn += 1) {
    clock.advance(1);
    await settled();
  }
  const expected = Array.from({ length: users * perUser }, (_, place) => `${place % users} ${Math.floor(place / users)}`);
  assert.deepEqual(order, expected);
});

it('whoever waits in a long line is told its position as it was a moment ago, and who has just come its own', () => {
  const clock = createFakeClock();
  const queue = aQueue(clock);
  const places = createPlaces({ queue, running: { countOf: () => 1 }, boundOf: () => 1, isServing: () => true, clock });
  const line = Array.from({ length: 200 }, (_, index) => admit(queue, 'ann', String(index)));
  const positionOf = (held: HeldStatement | undefined): number | undefined => held && places.shortageOf(held)?.position;
  assert.deepEqual([positionOf(line[0]), positionOf(line[199])], [1, 200]);
  for (const held of line.slice(0, 50)) queue.drop(held);
  clock.advance(2_000);
  assert.deepEqual([positionOf(line[50]), positionOf(line[199])], [1, 150]);
  assert.equal(positionOf(admit(queue, 'bob', 'now')), 2);
});

it('a position in one line is none in that of another runtime', () => {
  const clock = createFakeClock();
  const queue = aQueue(clock);
  const places = createPlaces({ queue, running: { countOf: () => 1 }, boundOf: () => 1, isServing: () => true, clock });
  const [moving] = Array.from({ length: 150 }, (_, index) => admit(queue, 'ann', String(index)));
  const others = Array.from({ length: 150 }, (_, index) => admit(queue, 'ann', String(index), 'team/b'));
  assert.ok(moving !== undefined && others[0] !== undefined);
  for (const held of [moving, others[0]]) assert.equal(places.shortageOf(held)?.position, 1);
  queue.move(moving, 'team/b');
  assert.equal(places.shortageOf(moving)?.position, 151);
});

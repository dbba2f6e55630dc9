import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import { createRendezvous, keepMs, maxKept, maxWaiting, type Outcome } from './rendezvous.ts';

const here = new AbortController().signal;
const token = { token: 't' };

/** Filled in when it is over. */
function watch(waiting: Promise<Outcome | undefined>): { outcome?: Outcome | undefined } {
  const seen: { outcome?: Outcome | undefined } = {};
  void waiting.then((outcome) => (seen.outcome = outcome));
  return seen;
}

describe('the rendezvous of a login', () => {
  it('lets a client wait for an exchange that has begun, also beyond its time', async () => {
    const clock = createFakeClock();
    const rendezvous = createRendezvous(clock);
    const seen = watch(rendezvous.wait('a', 1_000, here));
    assert.equal(rendezvous.isHere('a'), true);
    assert.equal(rendezvous.begin('a'), 'begun');
    clock.advance(5_000);
    await settled();
    assert.deepEqual(seen, {});
    rendezvous.settle('a', token);
    await settled();
    assert.deepEqual([seen.outcome, rendezvous.isHere('a'), rendezvous.begin('a')], [token, true, 'known']);
    rendezvous.forget('a');
    assert.equal(rendezvous.isHere('a'), false);
  });

  it('forgets who has gone, and an outcome after a while or when it is told to', async () => {
    const clock = createFakeClock();
    const rendezvous = createRendezvous(clock);
    const leaving = new AbortController();
    const seen = watch(rendezvous.wait('a', 1_000, leaving.signal));
    leaving.abort();
    await settled();
    assert.deepEqual([seen, rendezvous.isHere('a'), clock.pendingDelays()], [{ outcome: undefined }, false, []]);
    for (const end of [() => clock.advance(keepMs), () => rendezvous.forget('a')]) {
      rendezvous.begin('a');
      rendezvous.settle('a', token);
      assert.deepEqual(await rendezvous.wait('a', 1_000, here), token);
      end();
      assert.equal(rendezvous.begin('a'), 'begun');
      rendezvous.settle('a', token);
      rendezvous.forget('a');
    }
  });

  it('keeps a bounded number of outcomes, failures only while there is room, and of clients', async () => {
    const clock = createFakeClock();
    const rendezvous = createRendezvous(clock);
    for (let index = 0; index < maxKept; index += 1) {
      assert.equal(rendezvous.begin(`${index}`), 'begun');
      rendezvous.settle(`${index}`, index === 7 ? { error: 'e' } : token);
    }
    assert.equal(rendezvous.begin('more'), 'begun');
    rendezvous.settle('more', token);
    assert.equal(rendezvous.begin('too many'), 'full');
    assert.equal(rendezvous.begin('6'), 'known');
    const waits = Array.from({ length: maxWaiting }, (_, index) => watch(rendezvous.wait(`w${index}`, 1_000, here)));
    assert.match(JSON.stringify(await rendezvous.wait('last', 1_000, here)), /too many logins/);
    rendezvous.stop();
    await settled();
    assert.ok(waits.every((seen) => 'outcome' in seen));
    assert.equal(await rendezvous.wait('late', 1_000, here), undefined);
  });
});

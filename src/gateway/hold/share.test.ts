// How several gateways share the places of a runtime.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { shareOf, type GatewayRunning } from './share.ts';

const runtime = 'team/a';
const at = (...counts: readonly number[]): GatewayRunning[] =>
  counts.map((count, index) => ({ gateway: `g${index}`, running: count === 0 ? {} : { [runtime]: count } }));

it('each has the same part, alone all, and one at least', () => {
  assert.equal(shareOf({ maxRunning: 20, runtime, others: [] }), 20);
  assert.equal(shareOf({ maxRunning: 20, runtime, others: at(0, 6) }), 6);
  assert.equal(shareOf({ maxRunning: 1, runtime, others: at(0, 1) }), 1);
});

it('what runs at another one beyond its part is taken into account until it ends', () => {
  const shares = [20, 15, 10, 6].map((running) => shareOf({ maxRunning: 20, runtime, others: at(running, 0) }));
  assert.deepEqual(shares, [1, 1, 4, 6]);
});

it('however many gateways come and go, each that lets in what its share allows exceeds the bound by one at most', () => {
  const event = fc.record({ gateway: fc.nat(4), ends: fc.nat(3) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(event, { maxLength: 60 }),
      (maxRunning, count, events) => {
        // The first has had all places.
        const running = Array.from({ length: count }, (_, index) => (index === 0 ? maxRunning : 0));
        for (const { gateway, ends } of events) {
          const one = gateway % count;
          const left = Math.max(0, (running[one] ?? 0) - ends);
          const others = at(...running.filter((_, index) => index !== one));
          running[one] = Math.max(left, shareOf({ maxRunning, runtime, others }));
          const sum = running.reduce((all, each) => all + each, 0);
          assert.ok(sum <= maxRunning + count, `${running.join(' + ')} of ${maxRunning}`);
        }
      },
    ),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hearGateways } from './gateways-heard.ts';

const gateway = (name: string, refuses: boolean, endsAt = 1_000_000) => ({ name, refuses, endsAt });
const hear = (forMs: number, ...gateways: ReturnType<typeof gateway>[]) => hearGateways({ refusingSince: 0, gateways, nowMs: forMs });
const over = { isOver: true, silent: [] };

test('a second passes in any case, and it is enough where no gateway tells anything', () => {
  assert.deepEqual(hearGateways({ refusingSince: undefined, gateways: [], nowMs: 5 }), { isOver: false, againInMs: 1_000 });
  assert.deepEqual(hear(400, gateway('a', true)), { isOver: false, againInMs: 600 });
  assert.deepEqual(hear(1_000), over);
});

test('after that it is over as soon as every gateway that lives has said that it refuses', () => {
  assert.deepEqual(hear(1_000, gateway('a', true), gateway('b', true)), over);
  assert.deepEqual(hear(1_000, gateway('a', true), gateway('b', false, 9_000)), { isOver: false, againInMs: 8_000 });
});

test('a gateway whose Lease has run out is not waited for', () => {
  assert.deepEqual(hear(9_000, gateway('a', true), gateway('b', false, 9_000)), over);
});

test('one that lives and does not follow is waited for half a minute, and then named', () => {
  assert.deepEqual(hear(29_000, gateway('a', true), gateway('b', false)), { isOver: false, againInMs: 1_000 });
  assert.deepEqual(hear(30_000, gateway('a', true), gateway('b', false)), { isOver: true, silent: ['b'] });
});

// What a gateway learns of the others, and what it makes of it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled } from '../../../test/fakes/fake-clock.ts';
import type { ApiServerCall } from '../api-server-client.ts';
import { createSharedPlaces } from './shared-places.ts';

const runtime = 'team/a';

function aGateway(answer: () => unknown) {
  const clock = createFakeClock();
  const calls: ApiServerCall[] = [];
  const ask = async (call: ApiServerCall): Promise<unknown> => {
    calls.push(call);
    return answer();
  };
  const places = createSharedPlaces({ client: { ask }, gateway: 'me', clock, log: silentLog });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return { places, calls, pass };
}

const me = { gateway: 'me', running: {} };

it('alone it has all places as soon as it knows, and tells every four seconds what runs', async () => {
  const { places, calls, pass } = aGateway(() => ({ gateways: [me] }));
  places.start(() => ({ [runtime]: 3 }));
  assert.equal(places.shareOf(20, runtime), 1);
  await pass(0);
  assert.equal(places.shareOf(20, runtime), 20);
  await pass(4_000);
  const told = { method: 'POST', path: '/gateways/me/running', body: { running: { [runtime]: 3 } } };
  assert.deepEqual(calls, [told, told]);
});

it('new among others it lets one run until they have heard of it, and keeps what it knows when nobody answers', async () => {
  let answer: () => unknown = () => ({ gateways: [me, { gateway: 'b', running: { [runtime]: 12 } }] });
  const { places, pass } = aGateway(() => answer());
  places.start(() => ({}));
  await pass(0);
  assert.equal(places.shareOf(20, runtime), 1);
  for (let turn = 0; turn < 3; turn += 1) await pass(4_000);
  assert.equal(places.shareOf(20, runtime), 8);
  answer = () => {
    throw new Error('away');
  };
  await pass(4_000);
  assert.equal(places.shareOf(20, runtime), 8);
});

it('says nothing where no runtime has a bound', async () => {
  const { places, calls, pass } = aGateway(() => ({ gateways: [me] }));
  places.start(() => undefined);
  await pass(8_000);
  assert.deepEqual(calls, []);
});

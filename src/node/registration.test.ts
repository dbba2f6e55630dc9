import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '#kube/errors.ts';
import { describeCall, interceptApi } from '#kube/control/intercepted-api.ts';
import { silentLog } from '#observe/log.ts';
import { createFakeClock, settled } from '../../test/fakes/fake-clock.ts';
import { createMemoryKubeApi } from '../../test/fakes/memory-kube-api.ts';
import { createRegistration } from './registration.ts';

const away = new KubeError({ code: 0, reason: 'Unreachable', message: 'nothing listens there' });
const sayReady = 'patch nodes/status n';

test('a node that was not heard for as long as its Lease says again that it is ready, for a minute', async (t) => {
  const clock = createFakeClock();
  const calls: string[] = [];
  let isAway = false;
  const api = interceptApi(createMemoryKubeApi(), {
    async call(call, proceed) {
      if (isAway) throw away;
      calls.push(describeCall(call));
      return proceed();
    },
    stream: (_call, open) => open(),
  });
  const registration = createRegistration({ api, nodeName: 'n', cpu: '1', memory: '1Gi', clock, log: silentLog });
  t.after(() => registration.stop());
  const pass = async (seconds: number): Promise<string[]> => {
    calls.length = 0;
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await settled();
    }
    return [...calls];
  };
  await registration.start();
  assert.ok(calls.includes(sayReady));
  assert.deepEqual(await pass(30), ['apply leases n', 'apply leases n', 'apply leases n']);

  isAway = true;
  assert.deepEqual(await pass(20), []);
  isAway = false;
  assert.ok(!(await pass(30)).includes(sayReady), 'nobody has missed it');

  isAway = true;
  assert.deepEqual(await pass(60), []);
  isAway = false;
  const said = (await pass(120)).filter((call) => call === sayReady);
  assert.equal(said.length, 6);
  assert.ok(!(await pass(60)).includes(sayReady));
});

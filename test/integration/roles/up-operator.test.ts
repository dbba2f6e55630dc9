// The operator of `up` beside an operator that somebody starts on the same Kubernetes API: one of them works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemNamespace } from '#apis/v1/resources.ts';
import type { Lease } from '#core/objects.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { startUpOperator } from '#roles/up-operator.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { hastyClock } from '../../fakes/hasty-clock.ts';
import { aCluster, installDefinitions } from './setup.ts';

const parts = { clock: hastyClock, random: () => 0.5, log: silentLog };

async function holderOf(api: KubeApi): Promise<string | undefined> {
  return (await api.get<Lease>(leases, { namespace: systemNamespace, name: 'xtrinode-operator' }))?.spec.holderIdentity;
}

test('an operator started beside an up stands by, and takes over when up has stopped', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const up = startUpOperator({ ...parts, api });
  await up.started;
  assert.equal(await holderOf(api), 'up');
  const other = start('operator', '--log-format', 'text');
  const [, url = ''] = await other.says(/^operator ready: (\S+)\n$/);
  await other.notes(/leader holder=up isThisOne=false/);
  assert.equal(await (await fetch(`${url}/readyz`)).text(), '[+]leader: another operator leads, this one stands by\n');
  await up.stop();
  await other.notes(/caches are filled/);
});

test('an up that is started beside an operator is up all the same, and its own operator stands by', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const other = start('operator', '--log-format', 'text');
  await other.notes(/caches are filled/);
  const up = startUpOperator({ ...parts, api });
  await up.started;
  assert.notEqual(await holderOf(api), 'up');
  await up.stop();
});

test('the operator of an up that was killed is followed at once: no time passes', async (t) => {
  const { api } = await aCluster(t);
  await installDefinitions(api);
  const clock = createFakeClock();
  const killed = startUpOperator({ ...parts, api, clock });
  t.after(() => killed.stop());
  await killed.started;
  const next = startUpOperator({ ...parts, api, clock });
  t.after(() => next.stop());
  await next.started;
  assert.equal(await holderOf(api), 'up');
});

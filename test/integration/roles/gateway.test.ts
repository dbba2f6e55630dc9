// xtrinode gateway as a process of its own: what it tells beside the clients' port, for probes, dashboards, autoscalers and people.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createFakeTrino } from '../../fakes/fake-trino.ts';
import { startRole, type RunningRole } from './setup.ts';

interface Listening {
  readonly gateway: string;
  readonly health: string;
  readonly role: RunningRole;
}

async function aGateway(t: TestContext, routes: readonly object[], ...settings: readonly string[]): Promise<Listening> {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-gateway-'));
  const file = join(directory, 'routes.json');
  writeFileSync(file, JSON.stringify(routes));
  const role = startRole(['gateway', '--routes', file, '--listen', '127.0.0.1:0', '--log-format', 'text', ...settings]);
  t.after(async () => {
    assert.equal(await role.stop(), 0);
    rmSync(directory, { recursive: true });
  });
  const [, health = ''] = await role.notes(/health and metrics are served url=(http:\S+)/);
  const [, gateway = ''] = await role.says(/^gateway ready: (\S+)\n$/);
  return { gateway, health, role };
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

function inflight(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('xtrinode_gateway_inflight_queries{'));
}

test('it counts what waits and what runs, by runtime, from the POST to the cancel', async (t) => {
  const trino = await createFakeTrino();
  t.after(() => trino.stop());
  const awake = { namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl: trino.url, isDefault: true };
  const { gateway, health } = await aGateway(t, [awake, { namespace: 'team', name: 'b', state: 'RESUMING', routingGroup: 'bi' }]);
  const of = (name: string, group: string, state: string, count: number): string =>
    `xtrinode_gateway_inflight_queries{namespace="team",xtrinode="${name}",routing_group="${group}",state="${state}"} ${count}`;
  assert.deepEqual(inflight(await textOf(`${health}/metrics`)), [
    of('a', 'team--a', 'queued', 0),
    of('a', 'team--a', 'running', 0),
    of('b', 'bi', 'queued', 0),
    of('b', 'bi', 'running', 0),
  ]);
  const post = async (runtime: string): Promise<{ readonly nextUri: string }> => {
    const headers = { 'X-Trino-User': 'ann', 'X-Trino-XTrinode': runtime };
    return (await (await fetch(`${gateway}/v1/statement`, { method: 'POST', headers, body: 'SELECT 1' })).json()) as { nextUri: string };
  };
  const [running] = await Promise.all([post('team/a'), post('team/b')]);
  const counted = inflight(await textOf(`${health}/metrics`));
  assert.deepEqual(counted.slice(1, 3), [of('a', 'team--a', 'running', 1), of('b', 'bi', 'queued', 1)]);
  await fetch(running.nextUri, { method: 'DELETE' });
  assert.equal(inflight(await textOf(`${health}/metrics`))[1], of('a', 'team--a', 'running', 0));
});

test('it says whether it is ready, and what it knows, on a port of its own', async (t) => {
  const { gateway, health } = await aGateway(t, [{ namespace: 'team', name: 'b', state: 'RESUMING', note: 'somebody asked' }]);
  assert.equal(await textOf(`${health}/readyz`), '[+]routes: 1 runtimes in the route table\n');
  assert.equal(await textOf(`${health}/livez`), 'ok\n');
  const status = JSON.parse(await textOf(`${health}/status`)) as { isReady: boolean; runtimes: readonly Record<string, unknown>[] };
  assert.equal(status.isReady, true);
  const [{ name, state, note, queued, running } = {}] = status.runtimes;
  assert.deepEqual([name, state, note, queued, running], ['b', 'RESUMING', 'somebody asked', 0, 0]);
  for (const path of ['/metrics', '/status']) assert.equal((await fetch(`${gateway}${path}`)).status, 404, 'nothing of it for clients');
});

test('it writes its access log to standard output, with the client that a trusted proxy names', async (t) => {
  const settings = ['--access-log', 'all', '--trusted-proxies', '127.0.0.0/8,::1'];
  const { gateway, health, role } = await aGateway(t, [{ namespace: 'team', name: 'b', state: 'RESUMING' }], ...settings);
  const { status } = await fetch(`${gateway}/healthz`, { headers: { 'X-Forwarded-For': '192.0.2.7' } });
  const [line] = await role.says(/^\{.*\}$/m);
  const { msg, kind, status: written, client } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([msg, kind, written, client], ['request', 'health', status, '192.0.2.7']);
  assert.match(await textOf(`${health}/metrics`), /^xtrinode_gateway_access_log_dropped_total 0$/m);
});

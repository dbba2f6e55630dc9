// xtrinode api-server as a process of its own would run it: one ready line, waiting for what is missing, a clean end.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { xtrinodes } from '#apis/v1/resources.ts';
import type { KubeObject } from '#core/objects.ts';
import { aCluster, installDefinitions, startRole } from './setup.ts';

const listen = ['--listen', '127.0.0.1:0'];

test('it says where it listens, serves the lifecycle API, and ends when asked', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const runtime = {
    apiVersion: 'analytics.xtrinode.io/v1',
    kind: 'XTrinode',
    metadata: { namespace: 'default', name: 'a' },
    spec: { size: 'xs' },
  };
  await api.create<KubeObject>(xtrinodes, runtime, { fieldManager: 'test' });
  const role = start('api-server', ...listen);
  const [, url = ''] = await role.says(/^api-server ready: (http:\/\/127\.0\.0\.1:\d+)\n$/);
  const answer = await fetch(`${url}/runtimes/default/a/resume`, { method: 'POST' });
  assert.equal(answer.status, 202);
  assert.equal(
    ((await api.get(xtrinodes, runtime.metadata))?.metadata.annotations ?? {})['xtrinode.analytics.xtrinode.io/resume-requested'],
    'true',
  );
  assert.equal(await role.stop(), 0);
  await assert.rejects(fetch(`${url}/healthz`));
});

test('without the definitions it waits, says so once with the command that installs them, and is not ready meanwhile', async (t) => {
  const { api, start, directory } = await aCluster(t);
  writeFileSync(join(directory, 'config.yaml'), 'listen: 127.0.0.1:0\nlogFormat: text\n');
  const role = start('api-server', '--config', join(directory, 'config.yaml'));
  await role.notes(/WARN .*api-server waiting: .* does not serve xtrinodes .*: xtrinode crds \| kubectl apply/);
  await installDefinitions(api);
  await role.says(/ready/);
});

test('a port that is taken, and a kubeconfig that is not there, end it with what to do', async (t) => {
  const { api, start } = await aCluster(t);
  await installDefinitions(api);
  const [, port = ''] = await start('api-server', ...listen).says(/:(\d+)\n$/);
  const second = start('api-server', '--listen', port);
  await second.notes(
    new RegExp(`port ${port} cannot be had for the API server: another program listens there[\\s\\S]*--listen 127\\.0\\.0\\.1:0`),
  );
  assert.equal(await second.ended, 1);
  const lost = startRole(['api-server', ...listen, '--kubeconfig', '/nonexistent/kubeconfig']);
  await lost.notes(/^xtrinode: cannot read kubeconfig \/nonexistent\/kubeconfig/);
  assert.equal(await lost.ended, 1);
});

test('settings that are wrong are all named, from wherever they come', async () => {
  const role = startRole(['api-server', '--log-level', 'loud'], { XTRINODE_API_SERVER_LISTEM: '1' });
  await role.notes(
    /the api-server cannot start:\n.*XTRINODE_API_SERVER_LISTEM is not a setting.*did you mean XTRINODE_API_SERVER_LISTEN\?\n.*--log-level: "loud"/,
  );
  assert.equal(await role.ended, 2);
});

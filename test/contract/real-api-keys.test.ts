// API keys from their Secret on a real API server: the gateway runs as a user that has the generated permissions and no others.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { KubeObject, Secret } from '#core/objects.ts';
import { gatewayApiKeysField, gatewayApiKeysSecret, gatewayNamespace } from '#apis/v1/resources.ts';
import { createHttpKubeApi, type HttpKubeApi } from '#kube/client/http-kube-api.ts';
import { isKubeError } from '#kube/errors.ts';
import type { Resource } from '#kube/port.ts';
import { namespaces, secrets } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { renderRbac } from '#rbac/render.ts';
import { startRole, type RunningRole } from '../integration/roles/setup.ts';
import { sharedCluster } from './shared-cluster.ts';

const user = 'gateway';
const by = { fieldManager: 'somebody', force: true };
const key = { namespace: gatewayNamespace, name: gatewayApiKeysSecret };
const annsKey = 'key-of-ann-0123456789';
const bobsKey = 'key-of-bob-0123456789';

function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  if (kind === 'Namespace') return namespaces;
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: !kind.startsWith('Cluster') };
}

describe('the Secret with API keys on a real API server', () => {
  let api: HttpKubeApi;
  let asGateway: HttpKubeApi;
  let auditLogPath: string;
  let role: RunningRole;
  let url: string;

  async function write(text: string): Promise<void> {
    const data = { [gatewayApiKeysField]: Buffer.from(text).toString('base64') };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: key, data } as Secret;
    await api.apply(secrets, secret, by);
  }

  /** 200 for who may come in. */
  const ask = async (apiKey: string): Promise<number> =>
    (await fetch(`${url}/v1/statement`, { method: 'HEAD', headers: { 'X-API-Key': apiKey } })).status;

  before(async () => {
    const cluster = await sharedCluster();
    ({ auditLogPath } = cluster);
    const kubeconfigPath = cluster.kubeconfigFor(user);
    api = createHttpKubeApi({ kubeconfigPath: cluster.kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
    asGateway = createHttpKubeApi({ kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
    for (const object of renderRbac({ role: 'gateway', serve: [], user })) await api.apply(resourceOf(object), object, by);
    await write(`ann: "${annsKey}"`);
    const flags = ['--api-keys-secret', 'on', '--api-server', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0', '--log-format', 'text'];
    role = startRole(['gateway', '--kubeconfig', kubeconfigPath, ...flags]);
    [, url = ''] = await role.says(/^gateway ready: (http:\S+)\n$/);
  });

  after(async () => {
    assert.equal(await role.stop(), 0);
    await api.close();
    await asGateway.close();
  });

  it('is read with the rights that the gateway has, which are for this Secret alone', async () => {
    assert.deepEqual([await ask(annsKey), await ask(bobsKey)], [200, 401]);
    await assert.rejects(asGateway.list(secrets, { namespace: gatewayNamespace }), (error) => isKubeError(error) && error.code === 403);
    await assert.rejects(asGateway.remove(secrets, key), (error) => isKubeError(error) && error.code === 403);
  });

  it('is followed: a change is in force, one with a mistake, an emptied Secret and a deleted one change nothing', async () => {
    await write(`bob: "${bobsKey}"`);
    await role.notes(/API keys read .*\["bob"\]/);
    assert.deepEqual([await ask(annsKey), await ask(bobsKey)], [401, 200]);
    await write(`ann: "short"`);
    await role.notes(/the last good keys stay in force .*short/);
    await api.patch(secrets, key, 'merge', { data: null }, by);
    await role.notes(/the last good keys stay in force .*the Secret has no key api-keys/);
    await api.remove(secrets, key);
    await role.notes(/the last good keys stay in force .*the Secret is gone/);
    assert.deepEqual([await ask(annsKey), await ask(bobsKey)], [401, 200]);
    await write(`ann: "${annsKey}"\nbob: "${bobsKey}"`);
    await role.notes(/API keys read .*\["ann","bob"\]/);
    assert.deepEqual([await ask(annsKey), await ask(bobsKey)], [200, 200]);
  });

  it('is asked for by list and watch, and nothing that the gateway asks is refused', () => {
    const own = readFileSync(auditLogPath, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map(
        (line) =>
          JSON.parse(line) as { user?: { username?: string }; verb: string; requestURI: string; responseStatus?: { code?: number } },
      )
      .filter(({ user: who, requestURI }) => who?.username === user && requestURI.includes(`metadata.name%3D${gatewayApiKeysSecret}`));
    assert.deepEqual([...new Set(own.map(({ verb }) => verb))].toSorted(), ['list', 'watch']);
    assert.ok(own.every(({ responseStatus }) => responseStatus?.code === 200));
  });
});

// Caches over both implementations of the API, with connections cut again and again: in the end they hold what the server
// holds, and their listeners have heard every difference.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ConfigMap } from '#core/objects.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { keyOf } from '#kube/cache/store.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';

/** Passes bytes on to `port` until told to cut every connection. */
async function aCuttableWire(t: TestContext, port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // The end of one side is the end of the other; errors are what this wire is for.
      socket.on('error', () => undefined);
    }
    client.pipe(upstream).on('close', () => client.destroy());
    upstream.pipe(client).on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  t.after(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cut };
}

async function anApiOnAWire(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-cache-'));
  const embedded = await createEmbeddedApi({ file: ':memory:', clock: systemClock, random: () => 0.5, newUid: randomUUID });
  const kubeconfigPath = join(directory, 'kubeconfig');
  const listening = await embedded.listen({ port: 0, certificateDir: directory, kubeconfigPath });
  const wire = await aCuttableWire(t, listening.port);
  writeFileSync(kubeconfigPath, readFileSync(kubeconfigPath, 'utf8').replaceAll(`:${listening.port}`, `:${wire.port}`));
  const http = createHttpKubeApi({ kubeconfigPath, env: {}, clock: systemClock, log: silentLog });
  t.after(async () => {
    await http.close();
    await listening.close();
    await embedded.stop();
    rmSync(directory, { recursive: true });
  });
  return { api: embedded.api, http, wire };
}

/** A cache and, next to it, what somebody knows who has heard nothing but its changes. */
function aFollower(t: TestContext, api: KubeApi) {
  const reflector = createReflector<ConfigMap>({
    api,
    resource: configMaps,
    where: {},
    clock: systemClock,
    random: () => 0.01,
    log: silentLog,
  });
  const heard = new Map<string, ConfigMap>();
  let onChange = (): void => undefined;
  reflector.store.subscribe(({ key, after }) => {
    if (after === undefined) heard.delete(key);
    else heard.set(key, after);
    onChange();
  });
  t.after(() => reflector.stop());
  /** Fulfilled when it has heard of the object at this version. */
  const hears = (object: ConfigMap): Promise<void> =>
    new Promise((resolve) => {
      onChange = () => {
        if (heard.get(keyOf(object))?.metadata.resourceVersion === object.metadata.resourceVersion) resolve();
      };
      onChange();
    });
  return { reflector, heard, hears };
}

const aMap = (name: string, step: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
  data: { step: `${step}` },
});
const versions = (objects: Iterable<ConfigMap>): readonly string[] =>
  [...objects].map((one) => `${keyOf(one)}@${one.metadata.resourceVersion}`).toSorted();

test('caches follow a thousand changes through cut connections', async (t) => {
  const { api, http, wire } = await anApiOnAWire(t);
  const followers = [aFollower(t, api), aFollower(t, http)];
  for (const { reflector } of followers) reflector.start();
  await Promise.all(followers.map(({ reflector }) => reflector.synced));
  const write = { fieldManager: 'test', force: true };
  const allHear = async (step: number): Promise<void> => {
    const mark = await api.apply<ConfigMap>(configMaps, aMap('mark', step), write);
    await Promise.all(followers.map(({ hears }) => hears(mark)));
  };
  for (let step = 0; step < 1_000; step += 1) {
    // A fixed walk over 17 names that creates, changes and deletes them in turn.
    const key = { namespace: 'default', name: `m${(step * 7) % 17}` };
    if (step % 3 === 2) await api.remove(configMaps, key);
    else await api.apply(configMaps, aMap(key.name, step), write);
    if (step % 50 === 49) {
      // Cut while the watch is alive; what is written until it is back must not be missed.
      await allHear(step);
      wire.cut();
    }
    // Lets the watches see some of it.
    if (step % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  await allHear(1_000);
  const { items } = await api.list<ConfigMap>(configMaps, {});
  for (const { reflector, heard } of followers) {
    assert.deepEqual(versions(reflector.store.list()), versions(items));
    assert.deepEqual(versions(heard.values()), versions(items));
  }
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ConfigMap, Container, ContainerState, Node, Pod, PodSpec } from '#core/objects.ts';
import { configMaps, nodes, pods } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import { createLifeline } from '../../test/fakes/lifeline.ts';
import { createMemoryKubeApi, type MemoryKubeApi } from '../../test/fakes/memory-kube-api.ts';
import { createImageTable } from './images.ts';
import { createProcessNode, type ProcessNode } from './process-node.ts';

const key = { namespace: 'team', name: 'p' };
const by = { fieldManager: 'test' };

interface Setup {
  readonly api: MemoryKubeApi;
  readonly node: ProcessNode;
  readonly stateDir: string;
  /** A second node on the same state and API, as after a restart. */
  readonly again: () => Promise<ProcessNode>;
}

async function setUp(t: TestContext): Promise<Setup> {
  const stateDir = await mkdtemp(join(tmpdir(), 'xtrinode-node-'));
  const api = createMemoryKubeApi();
  const started: ProcessNode[] = [];
  const again = async (): Promise<ProcessNode> => {
    const images = createImageTable({
      trinoVersions: ['483'],
      install: () => Promise.reject(new Error('no network')),
      hostImages: ['host'],
    });
    const node = createProcessNode({
      api,
      nodeName: 'local',
      stateDir,
      images,
      cpu: '8',
      memory: '16Gi',
      clock: systemClock,
      random: Math.random,
      log: silentLog,
    });
    await node.start();
    started.push(node);
    return node;
  };
  t.after(async () => {
    for (const node of started) await node.stop({ graceMs: 0 });
    await rm(stateDir, { recursive: true, force: true });
  });
  return { api, node: await again(), stateDir, again };
}

function aPod(container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...key },
    spec: { nodeName: 'local', terminationGracePeriodSeconds: 5, containers: [{ name: 'main', image: 'host', ...container }], ...spec },
  };
}

const shell = (script: string): Partial<Container> => ({ command: ['/bin/sh', '-c', script] });
const stateOf = (pod: Pod | undefined): ContainerState => pod?.status?.containerStatuses?.[0]?.state ?? {};
const isReady = (pod: Pod | undefined): boolean =>
  pod?.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false;
const untilPod = async (api: MemoryKubeApi, test: (pod: Pod) => boolean): Promise<Pod> => {
  const pod = await api.until<Pod>(pods, key, (each) => each !== undefined && test(each));
  assert.ok(pod);
  return pod;
};

async function readAll(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

test('the node is registered as Ready with what was advertised', async (t) => {
  const { api } = await setUp(t);
  const node = await api.get<Node>(nodes, { name: 'local' });
  assert.equal(node?.status?.capacity?.['memory'], '16Gi');
  assert.equal(node?.status?.conditions?.find((each) => each.type === 'Ready')?.status, 'True');
  assert.equal(node?.metadata.labels?.['kubernetes.io/os'], 'linux');
});

test('a Pod runs with an address of its own, its log can be read and followed, and deleting it leaves nothing', async (t) => {
  const { api, node, stateDir } = await setUp(t);
  const env = [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
  await api.create(pods, aPod({ ...shell('echo one; echo "ip $IP"; exec sleep 1000'), env }), by);
  const pod = await untilPod(api, isReady);
  assert.equal(pod.status?.phase, 'Running');
  assert.match(pod.status?.podIP ?? '', /^127\.(?!0\.0\.)/);

  let text = '';
  for await (const chunk of node.readLog(key, { follow: true })) {
    text += chunk;
    if (text.split('\n').length > 2) break;
  }
  assert.equal(text, `one\nip ${pod.status?.podIP}\n`);
  assert.equal(await readAll(node.readLog(key, { tailLines: 1 })), `ip ${pod.status?.podIP}\n`);

  await api.remove(pods, key);
  await api.until(pods, key, (each) => each === undefined);
  assert.deepEqual(await readdir(join(stateDir, 'pods')), []);
  assert.deepEqual(await readdir(join(stateDir, 'processes')), []);
});

test('a settled Pod causes no writes', async (t) => {
  const { api, node } = await setUp(t);
  await api.create(pods, aPod(shell('exec sleep 1000')), by);
  await untilPod(api, isReady);
  await api.patch(pods, key, 'merge', { metadata: { labels: { touched: 'yes' } } }, by);
  const before = api.writes.filter((write) => write === 'patch pods p').length;
  await readAll(node.readLog(key));
  assert.equal(api.writes.filter((write) => write === 'patch pods p').length, before);
});

test('a container that fails is restarted, and the status says why it died', async (t) => {
  const { api, node } = await setUp(t);
  await api.create(pods, aPod(shell('echo "1) Error: Configuration property \'x\' was not used"; exit 100')), by);
  const pod = await untilPod(api, (each) => stateOf(each).waiting?.reason === 'CrashLoopBackOff');
  const status = pod.status?.containerStatuses?.[0];
  assert.equal(status?.restartCount, 1, 'the first restart is at once');
  assert.equal(status?.lastState?.terminated?.exitCode, 100);
  assert.equal(status?.lastState?.terminated?.message, "1) Error: Configuration property 'x' was not used");
  assert.match(stateOf(pod).waiting?.message ?? '', /back-off 10s restarting/);
  assert.match(await readAll(node.readLog(key, { previous: true })), /was not used/);
});

test('restartPolicy Never leaves the Pod Succeeded or Failed', async (t) => {
  const { api } = await setUp(t);
  await api.create(pods, aPod(shell('exit 7'), { restartPolicy: 'Never' }), by);
  const pod = await untilPod(api, (each) => each.status?.phase === 'Failed');
  assert.equal(stateOf(pod).terminated?.exitCode, 7);
});

test('a Pod waits for its ConfigMap and says so; when it appears the Pod starts', async (t) => {
  const { api } = await setUp(t);
  const container = { ...shell('cat "$HOME/etc/app/greeting"; exec sleep 1000'), volumeMounts: [{ name: 'c', mountPath: '/etc/app' }] };
  await api.create(pods, aPod(container, { volumes: [{ name: 'c', configMap: { name: 'app' } }] }), by);
  const waiting = await untilPod(api, (each) => stateOf(each).waiting?.reason === 'CreateContainerConfigError');
  assert.equal(stateOf(waiting).waiting?.message, 'configmap "app" not found');
  const configMap: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'app', namespace: 'team' },
    data: { greeting: 'hello\n' },
  };
  await api.create(configMaps, configMap, by);
  await untilPod(api, isReady);
});

test('a failed liveness probe restarts the container', async (t) => {
  const { api } = await setUp(t);
  const livenessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 };
  await api.create(pods, aPod({ ...shell('exec sleep 1000'), livenessProbe }), by);
  const pod = await untilPod(api, (each) => (each.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
  assert.match(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.message ?? '', /failed its liveness probe/);
});

test('images and shapes that cannot be run here are Waiting with the reason', async (t) => {
  const { api } = await setUp(t);
  const reasons: string[] = [];
  for (const pod of [
    aPod({ image: 'nginx:1' }),
    aPod({ image: 'trinodb/trino:400' }),
    aPod({ image: 'registry.example.com/trinodb/trino:483' }),
    aPod({}, { initContainers: [{ name: 'init' }] }),
  ]) {
    await api.create(pods, pod, by);
    const seen = await untilPod(api, (each) => !['ContainerCreating', undefined].includes(stateOf(each).waiting?.reason));
    reasons.push(`${stateOf(seen).waiting?.reason}: ${stateOf(seen).waiting?.message}`);
    await api.remove(pods, key);
    await api.until(pods, key, (each) => each === undefined);
  }
  assert.match(reasons[0] ?? '', /^ErrImagePull: .*it can run trinodb\/trino:483, and not nginx:1/);
  assert.match(reasons[1] ?? '', /^ErrImagePull: .*not trinodb\/trino:400/);
  assert.match(reasons[2] ?? '', /^ErrImagePull: Trino 483 cannot be made ready: no network/);
  assert.match(reasons[3] ?? '', /^NotSupportedByProcessNode: .*no init containers; this Pod has init/);
});

test('a Pod that vanishes without grace is ended all the same', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { api } = await setUp(t);
  await api.create(pods, aPod({ command: lifeline.program(false) }), by);
  const child = await lifeline.next();
  await api.remove(pods, key, { gracePeriodSeconds: 0 });
  await child.gone;
});

test('stopping the node cuts a long grace short', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { api, node } = await setUp(t);
  await api.create(pods, aPod({ command: lifeline.program(true) }, { terminationGracePeriodSeconds: 3600 }), by);
  const child = await lifeline.next();
  await api.remove(pods, key);
  await node.stop({ graceMs: 100 });
  await child.gone;
});

test('stopping the node ends its processes and keeps the Pods; the next start runs them again and counts it', async (t) => {
  const lifeline = await createLifeline();
  t.after(() => lifeline.close());
  const { api, node, again } = await setUp(t);
  await api.create(pods, aPod({ command: lifeline.program(false) }), by);
  const first = await lifeline.next();
  await untilPod(api, isReady);
  await node.stop({ graceMs: 5_000 });
  await first.gone;
  assert.equal(isReady(await api.get<Pod>(pods, key)), false);
  const after = await api.get<Node>(nodes, { name: 'local' });
  assert.equal(after?.status?.conditions?.find((each) => each.type === 'Ready')?.status, 'False');

  await again();
  await lifeline.next();
  const pod = await untilPod(api, isReady);
  assert.equal(pod.status?.containerStatuses?.[0]?.restartCount, 1);
});

test('two nodes do not share a state directory', async (t) => {
  const { again } = await setUp(t);
  await assert.rejects(again(), { name: 'SetupError', message: /process \d+ is running one in/ });
});

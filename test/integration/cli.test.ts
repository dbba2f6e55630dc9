// The verbs against a real API server of ours over HTTPS: what a user types, sees and gets as exit code.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { xtrinodeCatalogCrd, xtrinodeCrd } from '#apis/crd.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { gatewayNamespace, routesLabel, xtrinodes } from '#apis/v1/resources.ts';
import { runCli } from '#cli/program.ts';
import type { CoreEvent, KubeObject, Pod } from '#core/objects.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { configMaps, customResourceDefinitions, events, namespaces, pods } from '#kube/resources.ts';
import { systemClock } from '#observe/system-clock.ts';
import { aTerminal } from '../fakes/terminal.ts';

const write = { fieldManager: 'test' };

async function aCluster(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-cli-'));
  const embedded = await createEmbeddedApi({ file: ':memory:', clock: systemClock, random: () => 0.5, newUid: randomUUID });
  for (const definition of [xtrinodeCrd(), xtrinodeCatalogCrd()])
    await embedded.api.create(customResourceDefinitions, definition as KubeObject, write);
  const kubeconfigPath = join(directory, 'kubeconfig');
  const listening = await embedded.listen({ port: 0, certificateDir: directory, kubeconfigPath });
  t.after(async () => {
    await listening.close();
    await embedded.stop();
    rmSync(directory, { recursive: true });
  });
  /** Runs a verb to its end. */
  async function run(args: readonly string[], stdin = '') {
    const terminal = aTerminal({ KUBECONFIG: kubeconfigPath }, { stdin });
    const code = await runCli(args, terminal.io);
    return { code, out: terminal.out(), notes: terminal.notes() };
  }
  return { embedded, api: embedded.api, directory, kubeconfigPath, run };
}

const sales =
  'apiVersion: analytics.xtrinode.io/v1\nkind: XTrinode\nmetadata:\n  name: sales\nspec:\n  size: s\n  suspended: no\n  maxWorkers: 3\n';

test('apply says created, unchanged and configured, and reads YAML as kubectl does', async (t) => {
  const { api, run } = await aCluster(t);
  const id = 'xtrinode.analytics.xtrinode.io/sales';
  assert.deepEqual(await run(['apply', '-f', '-'], sales), { code: 0, out: `${id} created\n`, notes: '' });
  assert.deepEqual(await run(['apply', '-f', '-'], sales), { code: 0, out: `${id} unchanged\n`, notes: '' });
  assert.deepEqual(await run(['apply', '-f', '-'], sales.replace('3', '4')), { code: 0, out: `${id} configured\n`, notes: '' });
  const runtime = await api.get<XTrinode>(xtrinodes, { namespace: 'default', name: 'sales' });
  assert.deepEqual([runtime?.spec.suspended, runtime?.spec.maxWorkers], [false, 4]);
});

test('an unknown field is refused by name and nothing is written', async (t) => {
  const { api, run } = await aCluster(t);
  const { code, out, notes } = await run(['apply', '-f', '-'], `${sales}  sizze: m\n`);
  assert.deepEqual([code, out], [1, '']);
  assert.match(notes, /^xtrinode: standard input: .*sizze/);
  assert.ok(!notes.includes('    at '), 'no stack trace');
  assert.equal(await api.get(xtrinodes, { namespace: 'default', name: 'sales' }), undefined);
});

test('a broken document keeps the whole file from being applied; a refused object keeps no other from it', async (t) => {
  const { directory, run } = await aCluster(t);
  const file = join(directory, 'all.yaml');
  writeFileSync(file, `${sales}---\nkind: [\n`);
  const broken = await run(['apply', '-f', file]);
  assert.deepEqual([broken.code, broken.out], [1, '']);
  writeFileSync(file, `${sales.replace('size: s', 'size: huge')}---\n${sales.replace('name: sales', 'name: other')}`);
  const partly = await run(['apply', '-f', file]);
  assert.deepEqual([partly.code, partly.out], [1, 'xtrinode.analytics.xtrinode.io/other created\n']);
  assert.match(partly.notes, /all\.yaml, document 1: .*size[\s\S]*1 of 2 objects were not applied\n$/);
});

test('a field that somebody else set is not taken without --force-conflicts', async (t) => {
  const { run } = await aCluster(t);
  await run(['apply', '-f', '-', '--field-manager', 'gitops'], sales);
  const changed = sales.replace('3', '5');
  const refused = await run(['apply', '-f', '-'], changed);
  assert.equal(refused.code, 1);
  assert.match(refused.notes, /gitops[\s\S]*--force-conflicts/);
  assert.equal((await run(['apply', '-f', '-', '--force-conflicts'], changed)).code, 0);
});

test('get prints a table, wide columns, YAML, and says where there is nothing', async (t) => {
  const { run, api } = await aCluster(t);
  assert.deepEqual(await run(['get']), { code: 0, out: '', notes: 'No runtimes found in namespace default.\n' });
  await run(['apply', '-f', '-'], sales);
  const lifecycle = {
    desired: 'Asleep',
    cause: 'Idle',
    message: 'no query ran for 5m',
    decidedAt: new Date().toISOString(),
    sequence: 2,
    seenSuspended: false,
  };
  await api.patch(
    xtrinodes,
    { namespace: 'default', name: 'sales' },
    'merge',
    { status: { phase: 'Suspended', route: 'sales.example.com', lifecycle } },
    { ...write, subresource: 'status' },
  );
  const table = (await run(['get'])).out.split('\n');
  assert.match(table[0] ?? '', /^NAME +SIZE +PHASE +WORKERS +ROUTE +AGE$/);
  assert.match(table[1] ?? '', /^sales +s +Suspended +0 +sales\.example\.com +\d+s$/);
  assert.match((await run(['get', '-A', '-o', 'wide'])).out, /^NAMESPACE +NAME [\s\S]*default +sales .*no query ran for 5m\n$/);
  const yaml = (await run(['get', 'sales', '-o', 'yaml'])).out;
  assert.match(yaml, /^apiVersion: analytics\.xtrinode\.io\/v1\nkind: XTrinode\n/);
  assert.ok(!yaml.includes('managedFields'));
  const json = JSON.parse((await run(['get', '-o', 'json'])).out) as { items: XTrinode[] };
  assert.deepEqual(
    json.items.map(({ kind, metadata }) => [kind, metadata.name]),
    [['XTrinode', 'sales']],
  );
});

test('a name that does not exist is an error that names those that do', async (t) => {
  const { run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  for (const verb of ['get', 'describe', 'why', 'suspend', 'logs']) {
    assert.deepEqual(
      await run([verb, 'sale']),
      { code: 1, out: '', notes: 'xtrinode: no runtime "sale" in namespace default; there are: sales\n' },
      verb,
    );
  }
  assert.match((await run(['why', 'sales', '-n', 'kube-system'])).notes, /there is one in default \(-n\)/);
});

test('suspend and resume leave the spec alone and write a command with its time', async (t) => {
  const { api, run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  const startedAt = Date.now();
  assert.deepEqual(await run(['suspend', 'sales']), { code: 0, out: 'xtrinode.analytics.xtrinode.io/sales told to sleep\n', notes: '' });
  await run(['resume', 'sales']);
  const { metadata, spec } = (await api.get<XTrinode>(xtrinodes, { namespace: 'default', name: 'sales' })) ?? assert.fail();
  const prefix = 'xtrinode.analytics.xtrinode.io/';
  assert.deepEqual(
    [metadata.annotations?.[`${prefix}suspend-requested`], metadata.annotations?.[`${prefix}resume-requested`], spec.suspended],
    ['true', 'true', false],
  );
  for (const verb of ['suspend', 'resume'])
    assert.ok(Date.parse(metadata.annotations?.[`${prefix}${verb}-requested-at`] ?? '') >= startedAt);
});

test('resume --wait returns when the operator has taken the command and the runtime is ready, not before', async (t) => {
  const { api, run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  const key = { namespace: 'default', name: 'sales' };
  const status = (phase: string): Promise<unknown> =>
    api.patch(xtrinodes, key, 'merge', { status: { phase } }, { ...write, subresource: 'status' });
  await status('Ready');
  const waiting = run(['resume', 'sales', '--wait']);
  // Plays the operator: takes the command, then reports progress.
  for await (const event of api.watch<XTrinode>(xtrinodes, { fieldSelector: 'metadata.name=sales' })) {
    if (event.type === 'MODIFIED' || event.type === 'ADDED') {
      if (event.object.metadata.annotations?.['xtrinode.analytics.xtrinode.io/resume-requested'] !== undefined) break;
    }
  }
  await status('Resuming');
  const names = ['resume-requested', 'resume-requested-at'].map((name) => `xtrinode.analytics.xtrinode.io/${name}`);
  await api.patch(xtrinodes, key, 'merge', { metadata: { annotations: Object.fromEntries(names.map((name) => [name, null])) } }, write);
  await status('Ready');
  const { code, notes } = await waiting;
  assert.equal(code, 0);
  assert.match(notes, /Ready: waiting for the operator\n$/);
});

test('--wait gives up after its time and says why', async (t) => {
  const { run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  const { code, notes } = await run(['resume', 'sales', '--wait', '--timeout', '200ms']);
  assert.equal(code, 1);
  assert.match(notes, /is not awake after 0 s\n {2}Nobody has looked at default\/sales yet/);
  assert.equal((await run(['resume', 'sales', '--wait', '--timeout', 'soon'])).code, 2);
});

test('describe shows facts, reasons, conditions and events', async (t) => {
  const { api, run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  const about = { kind: 'XTrinode', name: 'sales', namespace: 'default' };
  const at = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const event: CoreEvent = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'sales.1', namespace: 'default' },
    involvedObject: about,
    reason: 'Resumed',
    message: 'a query asked for it',
    type: 'Normal',
    count: 2,
    lastTimestamp: at,
    source: { component: 'xtrinode-operator' },
  };
  await api.create(events, event, write);
  const { out, code } = await run(['describe', 'sales']);
  assert.equal(code, 0);
  for (const line of [
    /^Name: +sales$/m,
    /^Workers: +0 ready; wanted 3$/m,
    /^Why:\n {2}Nobody has looked/m,
    /^Conditions:\n {2}none$/m,
    /Normal +Resumed +\d+s +2 +xtrinode-operator +a query asked for it/,
  ])
    assert.match(out, line);
});

test('logs come from the Pods of the role, each line named when there are several', async (t) => {
  const { embedded, api, run } = await aCluster(t);
  await run(['apply', '-f', '-'], sales);
  assert.match((await run(['logs', 'sales'])).notes, /sales has no coordinator Pod: its phase is Pending/);
  embedded.setLogReader(async function* (key) {
    yield `hello from ${key.name}\nand `;
    yield 'more\n';
  });
  for (const [name, role] of [
    ['c', 'coordinator'],
    ['w1', 'worker'],
    ['w2', 'worker'],
  ] as const) {
    const labels = { 'app.kubernetes.io/instance': 'sales', 'app.kubernetes.io/component': role };
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels },
      spec: { containers: [{ name: 'trino', image: 'trinodb/trino:483' }] },
    };
    await api.create(pods, pod, write);
  }
  assert.equal((await run(['logs', 'sales'])).out, 'hello from c\nand more\n');
  const lines = (await run(['logs', 'sales', '--role', 'worker'])).out.split('\n').toSorted();
  assert.deepEqual(lines, ['', '[w1] and more', '[w1] hello from w1', '[w2] and more', '[w2] hello from w2']);
});

test('the running "up" is found without any option', async (t) => {
  const { directory, kubeconfigPath } = await aCluster(t);
  writeFileSync(join(directory, 'up.json'), JSON.stringify({ pid: process.pid, kubeconfigPath, gatewayUrl: 'http://127.0.0.1:1' }));
  const { io, notes } = aTerminal({ XTRINODE_HOME: directory });
  assert.deepEqual([await runCli(['get'], io), notes()], [0, 'No runtimes found in namespace default.\n']);
  const asking = aTerminal({ XTRINODE_HOME: directory });
  assert.equal(await runCli(['query', 'select 1'], asking.io), 1);
  assert.match(asking.notes(), /no answer from http:\/\/127\.0\.0\.1:1/);
});

test('a server that is not there is one line, and --debug adds the stack', async (t) => {
  const { directory } = await aCluster(t);
  const file = join(directory, 'gone');
  writeFileSync(
    file,
    JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x' } }],
      clusters: [{ name: 'x', cluster: { server: 'http://127.0.0.1:1' } }],
    }),
  );
  const plain = aTerminal({});
  assert.equal(await runCli(['get', '--kubeconfig', file], plain.io), 1);
  assert.match(plain.notes(), /^xtrinode: Kubernetes API http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
  const debug = aTerminal({});
  await runCli(['--debug', 'get', '--kubeconfig', file], debug.io);
  assert.match(debug.notes(), /\n {4}at /);
});

test('wrong usage exits with 2', async () => {
  for (const args of [
    ['frob'],
    ['apply'],
    ['get', '-o', 'xml'],
    ['logs', 'a', '--tail', 'x'],
    ['query'],
    ['query', ';'],
    ['query', 'select 1', '--server', 'nowhere'],
    ['up', '--memory', 'lots'],
    ['get', 'a', 'b'],
  ]) {
    const { io, notes } = aTerminal({});
    assert.equal(await runCli(args, io), 2, args.join(' '));
    assert.match(notes(), /^xtrinode: /, args.join(' '));
  }
});

test('route explain tells where a statement goes, from the routes of the cluster and from a file', async (t) => {
  const { api, directory, run } = await aCluster(t);
  const entry = { schema: 1, namespace: 'team', name: 'a', state: 'PAUSED', routingGroup: 'team--a', hosts: ['a.example.com'] };
  const text = JSON.stringify({ ...entry, headerValues: ['team/a'], isDefault: false, trinoVersion: 483, patienceMs: 60_000 });
  await api.create<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: gatewayNamespace } }, write);
  const metadata = {
    name: 'trino-gateway-routes',
    namespace: gatewayNamespace,
    labels: { [routesLabel]: '' },
  };
  const shard = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'team.a.json': text, 'team.b.json': 'no JSON' } };
  await api.create<KubeObject>(configMaps, shard, write);
  const answer = await run(['route', 'explain', '--host', 'a.example.com']);
  assert.deepEqual([answer.code, answer.out.split('\n')[0]], [0, 'team/a: the host name a.example.com selects it.']);
  assert.match(answer.notes, /route entry team\.b\.json is not JSON/);

  const file = join(directory, 'routes.yaml');
  writeFileSync(file, '- { namespace: team, name: b, state: PAUSED, isDefault: true }\n');
  const fromFile = await run(['route', 'explain', '--routes', file, '-H', 'X-Trino-XTrinode: team/b']);
  assert.match(fromFile.out, /^team\/b: X-Trino-XTrinode: team\/b selects it\.\nIt sleeps/);
  const lost = await run(['route', 'explain', '--routes', file, '-H', 'X-Trino-XTrinode: team/c']);
  assert.deepEqual([lost.code, lost.out], [1, '']);
  assert.match(lost.notes, /"team\/c" selects no runtime/);
  assert.equal((await run(['route', 'explain', '--routes', file, '-H', 'X-Trino-Source: x'])).code, 2);
});

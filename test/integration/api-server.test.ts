// The lifecycle API on the embedded Kubernetes API: demand as one Lease, commands as annotations, errors that say what to do
// (design D8; reference-gateway-and-api-server 2.4-2.6).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import type { KubeObject, Lease } from '#core/objects.ts';
import { createApiServer } from '#api-server/server.ts';
import { annotations, apiVersion, demandLeaseName, gatewayNamespace, xtrinodes } from '#apis/v1/resources.ts';
import { routeReaderOf } from '#apis/v1/route-reader.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createApiServerClient } from '#gateway/api-server-client.ts';
import { createApiServerDemand } from '#gateway/hold/api-server-demand.ts';
import { KubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { leases } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { bootstrap } from '../../src/roles/bootstrap.ts';
import { createFakeClock, settled, type FakeClock } from '../fakes/fake-clock.ts';

interface Bench {
  readonly api: KubeApi;
  readonly clock: FakeClock;
  readonly url: string;
  /** One more API server on the same Kubernetes; its URL. */
  aReplica(): Promise<string>;
  /** Writes to Kubernetes, `verb kind`. */
  readonly writes: string[];
  /** From now on Kubernetes does not answer. */
  cutOff(): void;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; json: Record<string, unknown>; headers: Headers }>;
  lease(): Promise<Lease | undefined>;
}

/** The same API, its writes counted, and cut off on order. */
function watched(api: KubeApi, writes: string[], isCutOff: () => boolean): KubeApi {
  const cut = <T>(work: () => Promise<T>): Promise<T> =>
    isCutOff() ? Promise.reject(new KubeError({ code: 0, reason: 'Unreachable', message: 'connect ECONNREFUSED' })) : work();
  const written = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    cut(() => {
      writes.push(what);
      return work();
    });
  return {
    ...api,
    get: (resource, ...rest) => cut(() => api.get(resource, ...rest)),
    list: (resource, ...rest) => cut(() => api.list(resource, ...rest)),
    create: (resource, ...rest) => written(`create ${resource.kind}`, () => api.create(resource, ...rest)),
    apply: (resource, ...rest) => written(`apply ${resource.kind}`, () => api.apply(resource, ...rest)),
    patch: (resource, ...rest) => written(`patch ${resource.kind}`, () => settled().then(() => api.patch(resource, ...rest))),
  };
}

async function createBench(t: TestContext): Promise<Bench> {
  const clock = createFakeClock();
  const embedded = await createEmbeddedApi({ file: ':memory:', clock, random: () => 0.5, newUid: randomUUID });
  t.after(() => embedded.stop());
  await bootstrap(embedded);
  const runtime = { apiVersion, kind: 'XTrinode', metadata: { name: 'a', namespace: 'default' }, spec: { size: 's', suspended: true } };
  await embedded.api.create<KubeObject>(xtrinodes, runtime, { fieldManager: 'test' });
  const writes: string[] = [];
  let isCutOff = false;
  const aReplica = async (): Promise<string> => {
    const server = createApiServer({ api: watched(embedded.api, writes, () => isCutOff), clock, log: silentLog });
    t.after(() => server.stop());
    return `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  };
  const url = await aReplica();
  // Without a time-out of its own: a thousand connections take their time on a busy machine.
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  return {
    api: embedded.api,
    clock,
    url,
    aReplica,
    writes,
    cutOff: () => (isCutOff = true),
    async call(method, path, body, headers = {}) {
      const isJson = body !== undefined;
      const sent = request(`${url}${path}`, {
        method,
        agent,
        headers: { ...(isJson ? { 'Content-Type': 'application/json' } : {}), ...headers },
      });
      sent.end(isJson ? (typeof body === 'string' ? body : JSON.stringify(body)) : undefined);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const text = await readText(response);
      return {
        status: response.statusCode ?? 0,
        headers: new Headers(response.headers as Record<string, string>),
        json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
    },
    lease: () => embedded.api.get<Lease>(leases, { namespace: 'default', name: demandLeaseName('a') }),
  };
}

describe('demand', () => {
  it('of a thousand at the same time is one write', async (t) => {
    const { call, writes, clock, lease } = await createBench(t);
    const now = clock.now();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        call('POST', '/runtimes/default/a/demand', { arrivedAt: now - 1000 + index, waiting: 1, user: 'ann' }),
      ),
    );
    assert.ok(answers.every(({ status }) => status === 202));
    assert.deepEqual(writes, ['create Lease']);
    const { spec, metadata } = (await lease()) ?? {};
    assert.deepEqual([spec?.holderIdentity, spec?.leaseDurationSeconds], ['gateway:ann', 15]);
    assert.equal(metadata?.ownerReferences?.[0]?.name, 'a');
  });

  it('is renewed at most every five seconds', async (t) => {
    const { call, writes, clock, lease } = await createBench(t);
    const ask = (): Promise<unknown> => call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    await ask();
    const before = (await lease())?.spec?.renewTime ?? '';
    clock.advance(4_000);
    await ask();
    assert.equal(writes.length, 1);
    clock.advance(1_000);
    await ask();
    assert.equal(writes.length, 2);
    assert.ok(((await lease())?.spec?.renewTime ?? '') > before);
  });

  it('of a newer query is written at once when the runtime was put to sleep since', async (t) => {
    const { call, writes, clock, api, lease } = await createBench(t);
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    clock.advance(1_000);
    const lifecycle = {
      desired: 'Asleep',
      cause: 'Suspend',
      message: 'm',
      decidedAt: new Date(clock.now()).toISOString(),
      sequence: 2,
      seenSuspended: true,
    };
    await api.patch(
      xtrinodes,
      { namespace: 'default', name: 'a' },
      'merge',
      { status: { lifecycle } },
      { fieldManager: 'test', subresource: 'status' },
    );
    clock.advance(500);
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    assert.equal(writes.length, 2);
    assert.equal(Date.parse((await lease())?.spec?.acquireTime ?? ''), clock.now());
  });

  it('ends at once, and what never was asked for ends without a write', async (t) => {
    const { call, writes, clock, lease } = await createBench(t);
    assert.equal((await call('DELETE', '/runtimes/default/a/demand')).status, 204);
    assert.deepEqual(writes, []);
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    await call('DELETE', '/runtimes/default/a/demand');
    assert.equal((await lease())?.spec?.holderIdentity, '');
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() });
    assert.equal((await lease())?.spec?.holderIdentity, 'gateway');
  });

  it('comes through the gateway’s port, which hears of refusals', async (t) => {
    const { url, clock, lease } = await createBench(t);
    const port = createApiServerDemand(createApiServerClient([url]), 'g1');
    await port.ask('default/a', { arrivedAt: clock.now(), waiting: 1, user: 'ann' });
    assert.equal((await lease())?.spec?.holderIdentity, 'gateway:ann');
    await port.end('default/a');
    assert.equal((await lease())?.spec?.holderIdentity, '');
    await assert.rejects(port.ask('default/nobody', { arrivedAt: 1, waiting: 1, user: '' }), /HTTP 404/);
    await port.end('default/nobody');
  });

  it('of two gateways ends with the second one, whichever replicas of the API server they ask', async (t) => {
    const { url, aReplica, clock, lease } = await createBench(t);
    const [one, other] = [
      createApiServerDemand(createApiServerClient([url]), 'g1'),
      createApiServerDemand(createApiServerClient([await aReplica()]), 'g2'),
    ];
    await one.ask('default/a', { arrivedAt: clock.now(), waiting: 1, user: 'ann' });
    clock.advance(1_000);
    await other.ask('default/a', { arrivedAt: clock.now() - 5_000, waiting: 1, user: 'bob' });
    // The newest arrival stands, whoever wrote last.
    assert.equal(Date.parse((await lease())?.spec?.acquireTime ?? ''), clock.now() - 1_000);
    await one.end('default/a');
    assert.equal((await lease())?.spec?.holderIdentity, 'gateway:bob');
    await other.end('default/a');
    assert.equal((await lease())?.spec?.holderIdentity, '');
  });

  it('of a gateway that is gone does not keep up what the other one ends', async (t) => {
    const { url, clock, lease } = await createBench(t);
    const [one, gone] = [
      createApiServerDemand(createApiServerClient([url]), 'g1'),
      createApiServerDemand(createApiServerClient([url]), 'g2'),
    ];
    await gone.ask('default/a', { arrivedAt: clock.now(), waiting: 1, user: '' });
    for (let renewal = 0; renewal < 4; renewal += 1) {
      clock.advance(5_000);
      await one.ask('default/a', { arrivedAt: clock.now(), waiting: 1, user: '' });
    }
    await one.end('default/a');
    assert.equal((await lease())?.spec?.holderIdentity, '');
  });

  it('is told to the next API server when one does not answer, and that one is asked first from then on', async (t) => {
    const { url, clock, lease } = await createBench(t);
    const refusals: string[] = [];
    const broken = createServer((request, response) => {
      refusals.push(request.method ?? '');
      response.writeHead(503).end();
    }).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    t.after(() => broken.close());
    const port = createApiServerDemand(
      createApiServerClient([`http://127.0.0.1:1`, `http://127.0.0.1:${(broken.address() as AddressInfo).port}`, url]),
      'g1',
    );
    await port.ask('default/a', { arrivedAt: clock.now(), waiting: 1, user: '' });
    assert.equal((await lease())?.spec?.holderIdentity, 'gateway');
    await port.end('default/a');
    assert.deepEqual(refusals, ['POST']);
    const lost = createApiServerDemand(createApiServerClient(['http://127.0.0.1:1', 'http://127.0.0.1:2']), 'g1');
    await assert.rejects(lost.ask('default/a', { arrivedAt: 1, waiting: 1, user: '' }), /127\.0\.0\.1:1.*127\.0\.0\.1:2/);
  });

  it('cannot claim to come from the future', async (t) => {
    const { call, clock, lease } = await createBench(t);
    await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() + 1e9 });
    assert.equal(Date.parse((await lease())?.spec?.acquireTime ?? ''), clock.now());
  });
});

describe('gateways', () => {
  const readers = async ({ api }: Bench): Promise<readonly string[]> =>
    (await api.list<Lease>(leases, { namespace: gatewayNamespace })).items.map(({ metadata }) => metadata.name);

  it('say that they live and how far they follow the routes, in one Lease each, until they end', async (t) => {
    const bench = await createBench(t);
    assert.equal((await bench.call('POST', '/gateways/g1', { appliedVersion: '41' })).status, 204);
    assert.equal((await bench.call('POST', '/gateways/g1', { appliedVersion: '42' })).status, 204);
    const [lease] = (await bench.api.list<Lease>(leases, { namespace: gatewayNamespace })).items;
    assert.ok(lease !== undefined);
    const endsAt = bench.clock.now() + 25_000;
    assert.deepEqual(routeReaderOf(lease), { gateway: 'g1', appliedVersion: '42', endsAt });
    assert.deepEqual(bench.writes, ['apply Lease', 'apply Lease']);
    assert.equal((await bench.call('DELETE', '/gateways/g1')).status, 204);
    assert.deepEqual(await readers(bench), []);
    assert.equal((await bench.call('DELETE', '/gateways/g1')).status, 204);
  });

  it('that were killed leave nothing for long', async (t) => {
    const bench = await createBench(t);
    await bench.call('POST', '/gateways/killed', { appliedVersion: '1' });
    bench.clock.advance(9 * 60_000);
    await bench.call('POST', '/gateways/g1', { appliedVersion: '1' });
    assert.deepEqual(await readers(bench), ['xtrinode-gateway-g1', 'xtrinode-gateway-killed']);
    bench.clock.advance(2 * 60_000);
    await bench.call('POST', '/gateways/g2', { appliedVersion: '1' });
    assert.deepEqual(await readers(bench), ['xtrinode-gateway-g1', 'xtrinode-gateway-g2']);
  });

  it('learn how many queries run through the others that live, and write only what is new', async (t) => {
    const bench = await createBench(t);
    for (const gateway of ['g1', 'g2', 'killed']) await bench.call('POST', `/gateways/${gateway}`, { appliedVersion: '1' });
    await bench.call('POST', '/gateways/killed/running', { running: { 'team/a': 9 } });
    bench.clock.advance(20_000);
    for (const gateway of ['g1', 'g2']) await bench.call('POST', `/gateways/${gateway}`, { appliedVersion: '1' });
    bench.clock.advance(10_000);
    bench.writes.length = 0;
    for (let turn = 0; turn < 2; turn += 1) await bench.call('POST', '/gateways/g1/running', { running: { 'team/a': 3 } });
    assert.deepEqual(bench.writes, ['apply Lease']);
    const { json } = await bench.call('POST', '/gateways/g2/running', { running: {} });
    assert.deepEqual(json, {
      gateways: [
        { gateway: 'g1', running: { 'team/a': 3 } },
        { gateway: 'g2', running: {} },
      ],
    });
    const [lease] = (await bench.api.list<Lease>(leases, { namespace: gatewayNamespace })).items;
    assert.equal(lease === undefined ? undefined : routeReaderOf(lease)?.appliedVersion, '1', 'what it said of the routes stays');
    await bench.call('POST', '/gateways/gone/running', { running: {} });
    assert.equal((await readers(bench)).includes('xtrinode-gateway-gone'), false);
  });

  it('with a name that no Lease can have are refused', async (t) => {
    const bench = await createBench(t);
    assert.equal((await bench.call('POST', '/gateways/No_Name', { appliedVersion: '1' })).status, 400);
    assert.deepEqual(bench.writes, []);
  });
});

describe('resume and suspend', () => {
  it('asked for twice are one write and the same answer', async (t) => {
    const { call, writes, api } = await createBench(t);
    const first = await call('POST', '/runtimes/default/a/resume');
    const second = await call('POST', '/runtimes/default/a/resume', '', { 'Content-Type': 'application/json' });
    assert.deepEqual([first.status, second.status, first.json['applied'], second.json['applied']], [202, 202, true, false]);
    assert.deepEqual(writes, ['patch XTrinode']);
    assert.deepEqual(
      { ...first.json, applied: undefined },
      {
        status: 'accepted',
        desired: 'resumed',
        applied: undefined,
        currentPhase: 'Pending',
        pollUrl: '/runtimes/default/a/status',
        retryAfterSeconds: 30,
      },
    );
    assert.equal(first.headers.get('retry-after'), '30');
    const runtime = await api.get(xtrinodes, { namespace: 'default', name: 'a' });
    assert.equal(runtime?.metadata.annotations?.[annotations.resumeRequested], 'true');
  });

  it('asked for by a thousand at the same time are one write', async (t) => {
    const { call, writes } = await createBench(t);
    const answers = await Promise.all(Array.from({ length: 1000 }, () => call('POST', '/runtimes/default/a/suspend')));
    assert.ok(answers.every(({ status }) => status === 202));
    assert.deepEqual(writes, ['patch XTrinode']);
  });

  it('in turn within seconds are each recorded', async (t) => {
    const { call, writes, clock } = await createBench(t);
    for (const what of ['resume', 'suspend', 'resume']) {
      assert.equal((await call('POST', `/runtimes/default/a/${what}`)).json['applied'], true, what);
      clock.advance(1_000);
    }
    assert.equal(writes.length, 3);
  });

  it('take the reference’s fields and say which have no effect', async (t) => {
    const { call } = await createBench(t);
    const answer = await call('POST', '/runtimes/default/a/resume', { requestId: 'x', wakeTTL: '10m' });
    assert.deepEqual([answer.status, answer.json['ignoredFields']], [202, ['wakeTTL']]);
  });
});

describe('mistakes and faults', () => {
  it('a runtime that is not there is 404 by name', async (t) => {
    const { call } = await createBench(t);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/status'],
      ['GET', '/why'],
      ['POST', '/resume'],
      ['POST', '/suspend'],
    ] as const) {
      const { status, json } = await call(method, `/runtimes/default/nobody${path}`);
      assert.deepEqual([status, json['code']], [404, 'NOT_FOUND'], path);
      assert.match(String(json['error']), /default\/nobody/);
    }
    assert.equal((await call('GET', '/elsewhere')).status, 404);
  });

  it('a field that nobody knows is refused by name, and so is a value of the wrong type', async (t) => {
    const { call, writes, clock } = await createBench(t);
    for (const [path, body, said] of [
      ['demand', { arrivedAt: clock.now(), wating: 3 }, /additional properties/],
      ['demand', { arrivedAt: '12' }, /number/],
      ['demand', {}, /arrivedAt/],
      ['resume', { force: true }, /additional properties/],
      ['resume', '{"requestId":', /not JSON/],
    ] as const) {
      const { status, json } = await call('POST', `/runtimes/default/a/${path}`, body);
      assert.deepEqual([status, json['code']], [400, 'INVALID_REQUEST']);
      assert.match(String(json['error']), said);
    }
    assert.deepEqual(writes, []);
  });

  it('without Kubernetes every call is 503 with the time to come again', async (t) => {
    const { call, cutOff, clock } = await createBench(t);
    cutOff();
    for (const [method, path] of [
      ['GET', '/readyz'],
      ['GET', '/runtimes'],
      ['GET', '/runtimes/default/a/status'],
      ['POST', '/runtimes/default/a/resume'],
      ['DELETE', '/runtimes/default/a/demand'],
    ] as const) {
      const { status, headers, json } = await call(method, path);
      assert.deepEqual([status, headers.get('retry-after'), json['code']], [503, '5', 'KUBERNETES_UNAVAILABLE'], path);
    }
    assert.equal((await call('POST', '/runtimes/default/a/demand', { arrivedAt: clock.now() })).status, 503);
    assert.equal((await call('GET', '/healthz')).status, 200);
  });

  it('status and why say where it stands', async (t) => {
    const { call } = await createBench(t);
    assert.equal((await call('GET', '/runtimes/default/a/status')).json['phase'], 'Pending');
    const { lines } = (await call('GET', '/runtimes/default/a/why')).json;
    assert.ok(Array.isArray(lines) && lines.length > 0);
    const { status } = await call('GET', '/runtimes');
    assert.equal(status, 200);
  });
});

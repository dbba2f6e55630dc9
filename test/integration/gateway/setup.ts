// One gateway on a loopback port before fake coordinators: routes from memory, demand recorded, time in the test's hands.
import { Agent, request, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import type { RouteEntry, RouteState } from '#apis/v1/route-entry.ts';
import type { CountStatement } from '#gateway/admit/statement-rates.ts';
import type { Guard } from '#gateway/admit/guard.ts';
import type { HoldLimits } from '#gateway/hold/hold-queue.ts';
import type { KeyRing } from '#gateway/hold/seal-key.ts';
import { createOwnKeys } from '#gateway/hold/seal-keys.ts';
import { buildRouteTable, keyOfEntry, type RouteTable } from '#gateway/routing/route-table.ts';
import { createGateway, type Gateway, type GatewayInit } from '#gateway/server.ts';
import { createLog, silentLog, type Log } from '#observe/log.ts';
import { createFakeClock, type FakeClock } from '../../fakes/fake-clock.ts';
import { createFakeTrino, type FakeTrino } from '../../fakes/fake-trino.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** The body as a page of results. */
  readonly page: Page;
}

export interface Page {
  readonly id: string;
  readonly infoUri: string;
  readonly nextUri?: string;
  readonly stats: Readonly<Record<string, unknown>>;
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: { readonly message: string; readonly errorCode: number; readonly errorName: string; readonly errorType: string };
  readonly warnings: readonly unknown[];
}

export interface Ask {
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  readonly agent?: Agent | false;
}

export interface Begun {
  readonly answer: Promise<Answer>;
}

export interface DemandCall {
  readonly what: 'ask' | 'end';
  readonly runtime: string;
  readonly waiting?: number;
  readonly arrivedAt?: number;
  readonly user?: string;
}

export interface Bench {
  readonly gateway: Gateway;
  readonly clock: FakeClock;
  readonly origin: string;
  readonly port: number;
  readonly demands: readonly DemandCall[];
  /** Publishes entries beside the ones before. */
  route(...entries: readonly RouteEntry[]): void;
  send(method: string, pathOrUri: string, ask?: Ask): Promise<Answer>;
  post(sql: string, ask?: Ask): Promise<Answer>;
  /** Follows nextUri to the last page. */
  follow(page: Page): Promise<Page>;
  /** Fulfilled when the condition holds; nothing but the event loop turns meanwhile. */
  until(condition: () => boolean): Promise<void>;
  /** Fulfilled when the gateway holds the request (it has armed a timer, or keeps the request open); its answer is still to come. */
  begin(method: string, pathOrUri: string, ask?: Ask): Promise<Begun>;
  /** Lets time pass in small steps until the answer is there. */
  drive<T>(answer: Promise<T>): Promise<T>;
  failDemand(times: number): void;
}

export function anEntry(more: Partial<RouteEntry> & { readonly state: RouteState }): RouteEntry {
  const { namespace = 'team', name = 'a' } = more;
  return {
    schema: 1,
    namespace,
    name,
    routingGroup: `${namespace}--${name}`,
    hosts: [],
    headerValues: [`${namespace}/${name}`],
    isDefault: name === 'a',
    trinoVersion: 483,
    patienceMs: 600_000,
    ...more,
  };
}

export function runningOn(trino: FakeTrino, more: Partial<RouteEntry> = {}): RouteEntry {
  return anEntry({ state: 'RUNNING', coordinatorUrl: trino.url, coordinatorId: trino.coordinatorId, instance: 'pod-1/0', ...more });
}

export const asleep = anEntry({ state: 'PAUSED' });

/** Sockets answer at once here: this long without what is awaited is a failure. */
const impatienceMs = 5_000;

export function send(port: number, method: string, path: string, { headers = [], body, signal, agent = false }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    const framing = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
    const all = [...(hasHost ? [] : ['Host', `localhost:${port}`]), ...headers, ...framing];
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: all,
      agent,
      maxHeaderSize: 2 * 1024 * 1024,
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        const text = whole.toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: whole,
          text,
          get page() {
            return JSON.parse(text) as Page;
          },
        });
      });
    });
    outgoing.end(body);
  });
}

export interface BenchOptions extends Partial<Pick<GatewayInit, 'trustedProxies' | 'accessLog' | 'newTrace'>> {
  readonly limits?: HoldLimits;
  /** Default: credentials pass through. */
  readonly guard?: Guard;
  readonly countStatement?: CountStatement;
  readonly isOnlyReplica?: boolean;
  readonly trustsRoutes?: boolean;
  /** Default: a key of its own. */
  readonly keys?: () => KeyRing;
  /** Under which its clients know it; default: localhost and its port. */
  readonly host?: string;
  /** Two characters in the ids it gives; default gz. */
  readonly shard?: string;
  /** Lines of its log. */
  readonly log?: Log;
  readonly routes?: readonly RouteEntry[];
  readonly clock?: FakeClock;
  /** The time of its machine; default: that of the clock. */
  readonly wall?: () => number;
}

/** Closed when the test ends. */
export async function createBench(t: TestContext, options: BenchOptions = {}): Promise<Bench> {
  const { limits, isOnlyReplica = true, trustsRoutes = true, routes = [], clock = createFakeClock(), shard = 'gz', host } = options;
  const ownKeys = createOwnKeys();
  const entries = new Map<string, RouteEntry>();
  const listeners = new Set<(table: RouteTable) => void>();
  const demands: DemandCall[] = [];
  let table = buildRouteTable([]);
  let failing = 0;
  const route = (...more: readonly RouteEntry[]): void => {
    for (const entry of more) entries.set(keyOfEntry(entry), entry);
    table = buildRouteTable(entries.values());
    for (const listener of listeners) listener(table);
  };
  route(...routes);
  const gateway = createGateway({
    routes: {
      table: () => table,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    demand: {
      ask(runtime, demand) {
        failing -= 1;
        if (failing >= 0) return Promise.reject(new Error('the API server is away'));
        demands.push({ what: 'ask', runtime, ...demand });
        return Promise.resolve();
      },
      end(runtime) {
        demands.push({ what: 'end', runtime });
        return Promise.resolve();
      },
    },
    clock,
    log: options.log ?? (process.env['SHOW_LOG'] === undefined ? silentLog : createLog({ level: 'debug', format: 'pretty' })),
    shard,
    keys: options.keys ?? (() => ownKeys),
    isOnlyReplica,
    trustsRoutes,
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog }),
    ...(options.newTrace === undefined ? {} : { newTrace: options.newTrace }),
    ...(limits === undefined ? {} : { limits }),
    ...(options.guard === undefined ? {} : { guard: options.guard }),
    ...(options.wall === undefined ? {} : { wall: options.wall }),
    ...(options.countStatement === undefined ? {} : { countStatement: options.countStatement }),
  });
  const port = await gateway.listen(['127.0.0.1'], 0);
  const origin = `http://localhost:${port}`;
  const leaving = new AbortController();
  t.after(async () => {
    leaving.abort();
    const stopped = gateway.stop(0);
    clock.advance(1);
    await stopped;
  });

  async function until(condition: () => boolean): Promise<void> {
    const timeout = AbortSignal.timeout(impatienceMs);
    while (!condition()) {
      if (timeout.aborted) throw new Error(`not within ${impatienceMs} ms: ${String(condition)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const bench: Bench = {
    gateway,
    clock,
    origin,
    port,
    demands,
    route,
    until,
    send: (method, pathOrUri, ask = {}) =>
      send(port, method, pathOrUri.replace(/^http:\/\/[^/]+/, ''), {
        signal: leaving.signal,
        ...ask,
        headers: [...(host === undefined ? [] : ['Host', host]), ...(ask.headers ?? [])],
      }),
    post: (sql, ask = {}) =>
      bench.send('POST', '/v1/statement', { ...ask, body: sql, headers: ['X-Trino-User', 'ann', ...(ask.headers ?? [])] }),
    async follow(page) {
      let last = page;
      while (last.nextUri !== undefined) last = (await bench.drive(bench.send('GET', last.nextUri))).page;
      return last;
    },
    async begin(method, pathOrUri, ask) {
      const opened = (): number => clock.pendingDelays().length + gateway.inspect().openRequests;
      const before = opened();
      const answer = bench.send(method, pathOrUri, ask);
      answer.catch(() => undefined);
      await until(() => opened() > before);
      return { answer };
    },
    async drive(answer) {
      const timeout = AbortSignal.timeout(impatienceMs);
      const tick = async (): Promise<'tick'> => {
        for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return 'tick';
      };
      while ((await Promise.race([answer, tick()])) === 'tick') {
        if (timeout.aborted) throw new Error(`no answer within ${impatienceMs} ms`);
        clock.advance(10);
      }
      return answer;
    },
    failDemand: (times) => (failing = times),
  };
  return bench;
}

/** Stopped when the test ends. */
export async function aTrino(t: TestContext, options?: Parameters<typeof createFakeTrino>[0]): Promise<FakeTrino> {
  const trino = await createFakeTrino(options);
  t.after(() => trino.stop());
  return trino;
}

/** Header lines with these names (lower case), in order, from an alternating list. */
export function linesOf(raw: readonly string[], ...names: readonly string[]): string[] {
  return raw.flatMap((name, index) => (index % 2 === 0 && names.includes(name.toLowerCase()) ? [`${name}: ${raw[index + 1] ?? ''}`] : []));
}

/** How long the runs of one letter are in the rows of a big page, but for the first one and the last one. */
export async function runsOf(response: IncomingMessage): Promise<ReadonlySet<number>> {
  const lengths: number[] = [];
  let letter = 0;
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      if (byte !== letter) lengths.push(length);
      length = byte === letter ? length + 1 : 1;
      letter = byte;
    }
  }
  return new Set(lengths.filter((one) => one > 1_000).slice(1, -1));
}

// An HTTPS proxy before a Kubernetes API, embedded or real, that does to requests what a script of faults says: what a client meets at
// a bad API server or behind a bad network. Time is the clock's. Nothing is faulty before `begin`.
import { readFileSync } from 'node:fs';
import { Agent, createServer, request as ask } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { load } from 'js-yaml';
import type { Clock, EpochMs } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { formatKubeconfig, writeSecretFile } from '#embedded/kubeconfig-file.ts';
import type { ApiCall } from '#kube/control/intercepted-api.ts';
import { readLines } from '#kube/client/watch.ts';
import { callOfRequest } from './http-call.ts';
import { createFaultClerk, type Fault, type FaultScript } from './script.ts';

export interface TimedCall extends ApiCall {
  readonly at: EpochMs;
}

export interface FaultProxy {
  /** Leads to the proxy, as the user of the kubeconfig that it was made with. */
  readonly kubeconfigPath: string;
  /** Every call since `begin`, also those that met a fault. */
  readonly calls: readonly TimedCall[];
  /** Calls and open watches that met a fault since `begin`. */
  struck(): number;
  /** Grows with everything that goes through: whoever waits for quiet compares it. */
  activity(): number;
  /** The script's time begins now. */
  begin(script: FaultScript): void;
  stop(): Promise<void>;
}

export interface FaultProxyInit {
  readonly clock: Clock;
  /** Of the server behind, with a token. */
  readonly upstream: string;
  /** Where its own kubeconfig is written. */
  readonly kubeconfigPath: string;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

interface OpenWatch {
  readonly socket: Socket;
  isSilent: boolean;
}

const host = '127.0.0.1';
const dayMs = 24 * 60 * 60_000;
const never = new AbortController().signal;
const json = { 'content-type': 'application/json' };

function statusOf({ code, reason, retryAfterSeconds }: Extract<Fault, { do: 'answer' }>): object {
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `scripted: ${code} ${reason}`,
    reason,
    code,
    ...details,
  };
}

export async function startFaultProxy({ clock, upstream, kubeconfigPath }: FaultProxyInit): Promise<FaultProxy> {
  const { clusters, users } = load(readFileSync(upstream, 'utf8')) as Kubeconfig;
  const { server: target } = clusters[0].cluster;
  const { token } = users[0].user;
  // The server behind is the test's own; its certificate is of the test's clock, not of this machine's.
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const ca = issueCa({ commonName: 'fault-proxy-ca', nowMs: Date.now(), lifetimeMs: dayMs });
  const own = issueServerCertificate({ commonName: 'fault-proxy', hosts: [host], nowMs: Date.now(), lifetimeMs: dayMs, issuer: ca });
  const calls: TimedCall[] = [];
  const firstLists = new Map<string, string>();
  /** To be cut or silenced when a rule begins. */
  const open = new Set<OpenWatch>();
  const sockets = new Set<Socket>();
  let activity = 0;
  let struck = 0;
  let clerk = createFaultClerk([]);
  let begunAt = clock.now();

  function faultOf(call: ApiCall | undefined): Fault | undefined {
    if (call === undefined) return undefined;
    calls.push({ ...call, at: clock.now() });
    const fault = clerk.faultOf(call, clock.now() - begunAt);
    if (fault !== undefined) struck += 1;
    return fault;
  }

  /** Fulfilled with the head of the answer. */
  function forward(from: IncomingMessage, to: ServerResponse, body: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { host: _host, connection: _connection, 'accept-encoding': _encoding, ...headers } = from.headers;
      const asking = ask(new URL(from.url ?? '/', target), { method: from.method, headers, agent }, resolve);
      to.once('close', () => asking.destroy());
      asking.on('error', reject);
      asking.end(body);
    });
  }

  async function relayWatch(fault: Fault | undefined, answer: IncomingMessage, to: ServerResponse): Promise<void> {
    const one: OpenWatch = { socket: to.socket as Socket, isSilent: fault?.do === 'silence' };
    let left = fault?.do === 'cut' || fault?.do === 'close' ? fault.afterEvents : Number.POSITIVE_INFINITY;
    to.writeHead(answer.statusCode ?? 502, json).flushHeaders();
    open.add(one);
    try {
      for await (const line of readLines(answer)) {
        activity += 1;
        if (one.isSilent) continue;
        if (left <= 0) break;
        left -= 1;
        to.write(`${line}\n`);
      }
      if (one.isSilent) return;
      // In the middle of an event.
      if (fault?.do === 'cut' && left <= 0) to.write('{"type":"MODI', () => one.socket.destroy());
      else to.end();
    } finally {
      open.delete(one);
      answer.destroy();
    }
  }

  async function relayCall(fault: Fault | undefined, key: string, answer: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await text(answer);
    activity += 1;
    if (fault?.do === 'reset') {
      // The head and half of the body, where it is lost on the way.
      if (fault.when === 'after') return void to.socket?.destroy();
      to.writeHead(answer.statusCode ?? 502, { ...json, 'content-length': Buffer.byteLength(body) });
      to.write(body.slice(0, body.length / 2), () => to.socket?.destroy());
      return;
    }
    const isList = answer.statusCode === 200 && key !== '';
    if (isList && !firstLists.has(key)) firstLists.set(key, body);
    const { 'transfer-encoding': _encoding, connection: _connection, 'content-length': _length, ...headers } = answer.headers;
    to.writeHead(answer.statusCode ?? 502, headers).end(fault?.do === 'stale' && isList ? firstLists.get(key) : body);
  }

  function refuse(fault: Extract<Fault, { do: 'answer' }>, call: ApiCall, to: ServerResponse): void {
    const status = statusOf(fault);
    // As an API server that finds the version gone: the watch has begun by then.
    if (call.verb === 'watch' && fault.code === 410) {
      to.writeHead(200, json).end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    const after = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
    to.writeHead(fault.code, { ...json, ...after }).end(JSON.stringify(status));
  }

  async function handle(from: IncomingMessage, to: ServerResponse): Promise<void> {
    activity += 1;
    const { method = 'GET', url: path = '/', headers } = from;
    const call = callOfRequest({ method, path, contentType: headers['content-type'] });
    const fault = faultOf(call);
    const body = await text(from);
    if (fault?.do === 'delay') await pause(clock, fault.ms, never);
    if (fault?.do === 'hang') return;
    if (fault?.do === 'reset' && fault.when === 'before') return void from.socket.destroy();
    if (fault?.do === 'answer' && call !== undefined) return refuse(fault, call, to);
    const answer = await forward(from, to, body);
    activity += 1;
    if (call?.verb === 'watch' && answer.statusCode === 200) await relayWatch(fault, answer, to);
    else await relayCall(fault, call?.verb === 'list' ? path : '', answer, to);
    activity += 1;
  }

  /** A network that goes away, or dead, does so to the watches that are open; where watches are to end, those do, too. */
  function strike(script: FaultScript): void {
    const toAll = (atMs: number, what: (one: OpenWatch) => void): void =>
      void clock.after(atMs, () => {
        struck += open.size;
        open.forEach(what);
      });
    for (const { on, fault, fromMs = 0 } of script) {
      const isOfAll = on === 'all';
      const isEnding = fault.do === 'cut' || fault.do === 'close' || (fault.do === 'reset' && isOfAll);
      if (isEnding) toAll(fromMs, ({ socket }) => socket.destroy());
      if (fault.do === 'silence' || (fault.do === 'hang' && isOfAll)) toAll(fromMs, (one) => (one.isSilent = true));
    }
  }

  const server = createServer({ cert: own.certificate, key: own.key }, (from, to) => {
    // Whoever asked has gone, or the server behind has: the caller sees a connection that breaks.
    handle(from, to).catch(() => from.socket.destroy());
  });
  server.requestTimeout = 0;
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    activity += 1;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      activity += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await writeSecretFile(kubeconfigPath, formatKubeconfig({ url: `https://${host}:${port}`, caCertificate: ca.certificate, token }));
  return {
    kubeconfigPath,
    calls,
    activity: () => activity,
    struck: () => struck,
    begin(script) {
      struck = 0;
      calls.length = 0;
      begunAt = clock.now();
      clerk = createFaultClerk(script);
      strike(script);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
        agent.destroy();
      }),
  };
}

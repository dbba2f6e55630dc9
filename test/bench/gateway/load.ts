// The load, as a process of its own, on raw sockets. Argument: a Load as JSON. Prints 'begin' when the figures begin, and at the
// end a LoadResult. `statements`: every connection runs one statement after the other, as fast as it gets answers. `polls`: polls
// begin at a fixed rate, whatever becomes of the ones before. `turns`: such polls whenever a line on stdin, a Turn as JSON, asks for
// them, each on connections of its own; at its end a LoadResult of all so far. `idle`: connections that have asked once and stay open, until stdin ends.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { coordinatorId, requestsTo, type Client as ClientName } from './statement.ts';

export interface Load {
  readonly mode: 'statements' | 'polls' | 'turns' | 'idle';
  readonly port: number;
  readonly connections: number;
  readonly warmUpMs?: number;
  readonly measuredMs?: number;
  readonly perSecond?: number;
  /** Default: python. */
  readonly client?: ClientName;
}

export interface Turn {
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly statements: number;
  readonly bytes: number;
  /** Milliseconds; of `polls` and `turns` only. */
  readonly p50: number;
  readonly p99: number;
  /** The p99 of those that were sent within one second, the median over all seconds: a moment in which the machine stood still is in few. */
  readonly p99OfSecond: number;
}

const load = JSON.parse(process.argv[2] ?? '') as Load;
const { mode, port, connections, warmUpMs = 0, measuredMs = 0, perSecond = 0 } = load;
const requestsOf = requestsTo(`127.0.0.1:${port}`, load.client);
const firstPage = requestsOf.poll(`/v1/statement/executing/20261121_120000_10001_${coordinatorId}/s/0`);
const endOfHead = Buffer.from('\r\n\r\n');
const nextUriStart = Buffer.from('"nextUri":"');

interface Client {
  readonly socket: Socket;
  /** Sends a request and, once its whole answer is there, calls back with what it names as next, and its size. */
  ask(request: Buffer, done: (next: string | undefined, bytes: number) => void): void;
  close(): void;
}

function fail(why: string): never {
  process.stderr.write(`load: ${why}\n`);
  process.exit(1);
}

function createClient(socket: Socket): Client {
  let done: (next: string | undefined, bytes: number) => void = () => undefined;
  let pending: Buffer | undefined;
  let left = -1;
  let size = 0;
  let next: string | undefined;
  const finish = (): void => {
    left = -1;
    pending = undefined;
    done(next, size);
  };
  const begin = (chunk: Buffer): void => {
    pending = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    const end = pending.indexOf(endOfHead);
    if (end < 0) return;
    const head = pending.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 200')) fail(`an answer that is none: ${head} ${pending.subarray(end).toString()}`);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? fail(`an answer without a length: ${head}`));
    const start = pending.subarray(end + 4, end + 4 + 600);
    const at = start.indexOf(nextUriStart);
    next = at < 0 ? undefined : start.toString('latin1', at + nextUriStart.length, start.indexOf('"', at + nextUriStart.length));
    size = length;
    left = end + 4 + length - pending.length;
    if (left <= 0) finish();
  };
  socket.on('data', (chunk: Buffer) => {
    if (left < 0) return begin(chunk);
    left -= chunk.length;
    if (left <= 0) finish();
  });
  const closed = (): void => fail('a connection was closed');
  socket.on('close', closed);
  return {
    socket,
    ask(request, onDone) {
      done = onDone;
      next = undefined;
      socket.write(request);
    },
    close() {
      socket.off('close', closed).destroy();
    },
  };
}

async function open(count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const sockets = Array.from({ length: Math.min(100, count - clients.length) }, () =>
      connect({ host: '127.0.0.1', port, noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    clients.push(...sockets.map(createClient));
  }
  return clients;
}

let isMeasuring = false;
let requests = 0;
let statements = 0;
let bytes = 0;
/** Of polls, in milliseconds: a list for each second in which they were sent. */
const latencies: number[][] = [];

function runStatements({ ask }: Client): void {
  const take = (next: string | undefined, size: number): void => {
    if (isMeasuring) {
      requests += 1;
      bytes += size;
      if (next === undefined) statements += 1;
    }
    ask(next === undefined ? requestsOf.post : requestsOf.poll(next.slice(next.indexOf('/', 8))), take);
  };
  ask(requestsOf.post, take);
}

/** Timers come once a millisecond; what is due is sent then, and waits for a free connection when there is none. */
async function poll(turn: Turn, onBegin: () => void): Promise<void> {
  const clients = await open(connections);
  const free = [...clients];
  const waiting: number[] = [];
  const startedAt = performance.now();
  const measuredFrom = startedAt + turn.warmUpMs;
  const measuredTo = measuredFrom + turn.measuredMs;
  const firstSecond = latencies.length;
  const send = (client: Client, dueAt: number): void => {
    client.ask(firstPage, (_next, size) => {
      if (dueAt >= measuredFrom && dueAt < measuredTo) {
        requests += 1;
        bytes += size;
        (latencies[firstSecond + Math.floor((dueAt - measuredFrom) / 1_000)] ??= []).push(performance.now() - dueAt);
      }
      const late = waiting.shift();
      if (late === undefined) free.push(client);
      else send(client, late);
    });
  };
  let sent = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (; sent < ((now - startedAt) * perSecond) / 1_000; sent += 1) {
      const client = free.shift();
      if (client === undefined) waiting.push(now);
      else send(client, performance.now());
    }
  }, 1);
  await delay(turn.warmUpMs);
  onBegin();
  await delay(turn.measuredMs);
  clearInterval(timer);
  // The slowest count as all others.
  while (free.length < clients.length) await delay(1);
  for (const client of clients) client.close();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function result(): LoadResult {
  const all = latencies.flat();
  const p99OfSecond = percentile(
    latencies.map((second) => percentile(second, 0.99)),
    0.5,
  );
  return { requests, statements, bytes, p50: percentile(all, 0.5), p99: percentile(all, 0.99), p99OfSecond };
}

const sayBegin = (): void => void process.stdout.write('begin\n');
const sayResult = (): Promise<void> => new Promise((resolve) => process.stdout.write(`${JSON.stringify(result())}\n`, () => resolve()));

switch (mode) {
  case 'idle': {
    for (const { ask } of await open(connections)) await new Promise<void>((resolve) => ask(firstPage, () => resolve()));
    sayBegin();
    process.stdin.resume();
    await once(process.stdin, 'end');
    break;
  }
  case 'turns':
    for await (const line of createInterface(process.stdin)) {
      await poll(JSON.parse(line) as Turn, () => undefined);
      await sayResult();
    }
    break;
  case 'polls':
    await poll({ warmUpMs, measuredMs }, sayBegin);
    await sayResult();
    break;
  case 'statements':
    for (const client of await open(connections)) runStatements(client);
    await delay(warmUpMs);
    isMeasuring = true;
    sayBegin();
    await delay(measuredMs);
    await sayResult();
    break;
  default:
    mode satisfies never;
}
process.exit(0);

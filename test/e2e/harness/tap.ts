// A tap in the line between clients and the gateway: passes every byte on as it is, and notes when each request came and how
// each was answered. What "no retry of their own, no error on the wire" and "in that second" are measured by. Its line may be a slow one.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Transform } from 'node:stream';

export interface TappedRequest {
  /** `POST /v1/statement` */
  readonly line: string;
  /** By performance.now(). */
  readonly at: number;
}

export interface Traffic {
  readonly requests: readonly TappedRequest[];
  /** HTTP statuses of the answers. */
  readonly statuses: readonly number[];
}

export interface Tap {
  /** What clients are given as their server. */
  readonly url: string;
  /** What was noted since the last time. */
  forget(): Traffic;
  /** Connections that clients have made so far. */
  connections(): number;
  /** From now on to another server. Ends the connections there are. */
  leadTo(url: string): void;
  /** New connections to another server, as a balancer does when one of its servers goes; those there are stay. */
  leadNext(url: string): void;
  /** How much of the answer that began last has gone to its client. */
  answerBytes(): number;
  /** All connections break; new ones are made as before. */
  cut(): void;
  /** No slow line any more. */
  hurry(): void;
  close(): void;
}

/** Clients do not pipeline, so each request and each answer begins with a chunk of its own. */
const requestHead = /^((?:GET|HEAD|POST|PUT|DELETE) \S+) HTTP\/1\.1\r\n/;
const answerHead = /^HTTP\/1\.1 (\d{3}) /;
const headBytes = 2_048;

function headOf(chunk: Buffer): string {
  return chunk.subarray(0, headBytes).toString('latin1');
}

/** `bytesPerSecond`: what a client gets at most, on each of its connections. */
export async function openTap(serverUrl: string, { bytesPerSecond = Infinity } = {}): Promise<Tap> {
  let target = new URL(serverUrl);
  let bytesPerMs = bytesPerSecond / 1_000;
  let requests: TappedRequest[] = [];
  let statuses: number[] = [];
  const open = new Set<Socket>();
  let answerBytes = 0;

  let connections = 0;
  const listener = createServer((client) => {
    connections += 1;
    const server = connect(Number(target.port), target.hostname);
    const line = new Transform({
      transform: (chunk: Buffer, _encoding, done) =>
        void (bytesPerMs === Infinity ? done(null, chunk) : setTimeout(done, chunk.length / bytesPerMs, null, chunk)),
    });
    for (const [socket, other, onward] of [
      [client, server, server],
      [server, client, line],
    ] as const) {
      open.add(socket);
      // What breaks on one side breaks on the other, so that whoever listens there learns it.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        onward.end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const line = requestHead.exec(headOf(chunk))?.[1];
      if (line !== undefined) requests.push({ line, at: performance.now() });
    });
    server.on('data', (chunk: Buffer) => {
      const status = answerHead.exec(headOf(chunk))?.[1];
      if (status !== undefined) statuses.push(Number(status));
    });
    line.on('data', (chunk: Buffer) => (answerBytes = (answerHead.test(headOf(chunk)) ? 0 : answerBytes) + chunk.length));
    client.pipe(server).pipe(line).pipe(client);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://localhost:${(listener.address() as AddressInfo).port}`,
    connections: () => connections,
    forget() {
      const traffic = { requests, statuses };
      requests = [];
      statuses = [];
      return traffic;
    },
    leadNext(url) {
      target = new URL(url);
    },
    answerBytes: () => answerBytes,
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    hurry() {
      bytesPerMs = Infinity;
    },
    leadTo(url) {
      target = new URL(url);
      for (const socket of open) socket.end();
    },
    close() {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}

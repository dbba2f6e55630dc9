// A plain TCP balancer: each connection to the next server in turn, to another one when that one refuses. It knows nothing of HTTP, so
// what it does to clients is what any balancer does.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** From now on among these; connections there are stay. */
  lead(urls: readonly string[]): void;
  /** Connections that were led to that server so far. */
  connectionsTo(url: string): number;
  /** Requests on connections that this server broke before the first byte of an answer, as they were sent. */
  unanswered(url: string): readonly string[];
  close(): void;
}

export async function openBalancer(urls: readonly string[]): Promise<Balancer> {
  let servers = urls;
  let turn = 0;
  const open = new Set<Socket>();
  const counts = new Map<string, number>();
  const unanswered = new Map<string, string[]>();

  function keep(socket: Socket, other: Socket): void {
    open.add(socket);
    // What breaks on one side breaks on the other: a reset stays one.
    socket.on('error', () => other.resetAndDestroy());
    socket.on('close', () => {
      open.delete(socket);
      if (!other.destroyed) other.destroySoon();
    });
  }

  /** What is asked on a connection until the server has answered; it is unanswered when the server breaks before. */
  function noteUnanswered(client: Socket, server: Socket, url: string): void {
    let asked = '';
    client.on('data', (chunk: Buffer) => (asked += chunk.toString()));
    server.on('data', () => (asked = ''));
    const note = (): void => {
      // A client that hung up waits for nothing.
      if (asked !== '' && !client.readableEnded && !client.destroyed) unanswered.set(url, [...(unanswered.get(url) ?? []), asked]);
      asked = '';
    };
    server.on('error', note).on('end', note);
  }

  /** To the first of these that does not refuse. */
  function lead(client: Socket, [url, ...others]: readonly string[]): void {
    if (url === undefined) return void client.resetAndDestroy();
    const { hostname, port } = new URL(url);
    const server = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const refused = (): void => {
      server.destroy();
      lead(client, others);
    };
    server.once('error', refused);
    server.once('connect', () => {
      server.removeListener('error', refused);
      counts.set(url, (counts.get(url) ?? 0) + 1);
      noteUnanswered(client, server, url);
      keep(server, client);
      keep(client, server);
      client.pipe(server).pipe(client);
    });
  }

  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    // Until it is led somewhere: then whoever is on the other side hears of it.
    client.on('error', () => undefined);
    turn += 1;
    const first = turn % Math.max(1, servers.length);
    lead(client, [...servers.slice(first), ...servers.slice(0, first)]);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    lead: (next) => (servers = next),
    connectionsTo: (url) => counts.get(url) ?? 0,
    unanswered: (url) => unanswered.get(url) ?? [],
    close() {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}

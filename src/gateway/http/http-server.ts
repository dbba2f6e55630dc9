// Listens for clients and keeps their connections. Shell. HTTP/1.1, over TLS where there is a certificate: else TLS ends before the
// gateway, or there is none.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock } from '#core/clock.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientExchange } from './client-exchange.ts';
import { createLargeHeads } from './large-heads.ts';
import type { TlsSource } from './tls-files.ts';

export interface HttpServerInit {
  readonly clock: Clock;
  readonly handle: (exchange: ClientExchange) => void;
  readonly tls?: Pick<TlsSource, 'current' | 'subscribe'>;
}

export interface HttpServer {
  /** The port that was taken; 0 picks a free one. Rejects with EADDRINUSE when taken. */
  listen(host: string, port: number): Promise<number>;
  readonly connections: number;
  /** Takes no more clients, lets answers end and their connections with them. Fulfilled when there is no connection left. */
  stop(): Promise<void>;
  /** Breaks off what is left. */
  destroy(): void;
}

/** Until a client has said with what keys it wants to speak. */
const handshakeTimeoutMs = 20_000;

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export function createHttpServer({ clock, handle, tls }: HttpServerInit): HttpServer {
  const connections = new Set<ClientConnection>();
  const servers: Server[] = [];
  const ends: (() => void)[] = [];
  const largeHeads = createLargeHeads();
  let isStopping = false;

  function createListener(): Server {
    const server = tls === undefined ? createServer({ noDelay: true }, take) : createTlsListener(tls);
    servers.push(server);
    return server;
  }

  function take(socket: Socket): void {
    const connection = new ClientConnection({ socket, clock, handle, isStopping: () => isStopping, largeHeads });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  }

  function createTlsListener(source: Pick<TlsSource, 'current' | 'subscribe'>): TlsServer {
    const options = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;
    const server = createTlsServer({ ...options, ...source.current(), noDelay: true, handshakeTimeout: handshakeTimeoutMs }, take);
    // Connections there are keep what they began with.
    ends.push(source.subscribe((pair) => server.setSecureContext({ ...options, ...pair })));
    return server;
  }

  return {
    get connections() {
      return connections.size;
    },
    listen: (host, port) => listenOn(createListener(), host, port),
    async stop() {
      isStopping = true;
      for (const end of ends) end();
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const connection of connections) if (connection.isIdle) connection.destroy();
      await Promise.all(closed);
    },
    destroy() {
      for (const connection of connections) connection.destroy();
    },
  };
}

// Listens for clients and keeps their connections. Shell. HTTP/1.1 without TLS, which ends before the gateway.
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Clock } from '#core/clock.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientExchange } from './client-exchange.ts';

export interface HttpServerInit {
  readonly clock: Clock;
  readonly handle: (exchange: ClientExchange) => void;
}

export interface HttpServer {
  /** The port that was taken; 0 picks a free one. Rejects with EADDRINUSE when taken. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more clients, lets answers end and their connections with them. Fulfilled when there is no connection left. */
  stop(): Promise<void>;
  /** Breaks off what is left. */
  destroy(): void;
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export function createHttpServer({ clock, handle }: HttpServerInit): HttpServer {
  const connections = new Set<ClientConnection>();
  const servers: Server[] = [];
  let isStopping = false;

  function createListener(): Server {
    const server = createServer({ noDelay: true }, (socket) => {
      const connection = new ClientConnection({ socket, clock, handle, isStopping: () => isStopping });
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    });
    servers.push(server);
    return server;
  }

  return {
    listen: (host, port) => listenOn(createListener(), host, port),
    async stop() {
      isStopping = true;
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const connection of connections) if (connection.isIdle) connection.destroy();
      await Promise.all(closed);
    },
    destroy() {
      for (const connection of connections) connection.destroy();
    },
  };
}

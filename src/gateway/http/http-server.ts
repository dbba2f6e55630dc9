// Listens for clients and keeps their connections. Shell. HTTP/1.1, over TLS where there is a certificate: else TLS ends before the
// gateway, or there is none.
import { constants } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '#core/clock.ts';
import { ClientConnection, type ConnectionsInit } from './client-connection.ts';
import type { ClientExchange } from './client-exchange.ts';
import { FailedHandshakes, whyOf, type FailedHandshake, type HandshakeError } from './failed-handshakes.ts';
import { KnownLines } from './header-lines.ts';
import { createLargeHeads } from './large-heads.ts';
import { readShared } from './shared-reads.ts';
import type { TlsSource } from './tls-files.ts';

/** Who follows the files stops following them too. */
export type TlsFollowed = Omit<TlsSource, 'stop'>;

export interface HttpServerInit {
  readonly clock: Clock;
  readonly handle: (exchange: ClientExchange) => void;
  readonly tls?: TlsFollowed;
  readonly onHandshakeFailed: (failed: FailedHandshake) => void;
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
    server.listen({ host, port, backlog, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Connections that the kernel keeps until they are taken: thousands of clients come at once, and beyond it they are reset. */
const backlog = 4_096;

export function createHttpServer({ clock, handle, tls, onHandshakeFailed }: HttpServerInit): HttpServer {
  const connections = new Set<ClientConnection>();
  const servers: Server[] = [];
  const ends: (() => void)[] = [];
  let isStopping = false;
  /** Their server does not know of connections that read into the shared buffer. */
  let onEmpty = (): void => undefined;
  let trust = 0;
  const failedHandshakes = new FailedHandshakes(clock, onHandshakeFailed);
  const init: ConnectionsInit = {
    clock,
    handle,
    isStopping: () => isStopping,
    trust: () => trust,
    largeHeads: createLargeHeads(),
    knownLines: new KnownLines(),
    onClosed(connection) {
      connections.delete(connection);
      if (connections.size === 0) onEmpty();
    },
  };

  function createListener(): Server {
    const server =
      tls === undefined
        ? createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => take(readShared(accepted)))
        : createTlsListener(tls);
    servers.push(server);
    return server;
  }

  function take(socket: Socket): void {
    connections.add(new ClientConnection(socket, init));
  }

  function endIdle(): void {
    for (const connection of connections) if (connection.isIdle) connection.destroy();
  }

  function createTlsListener(source: TlsFollowed): TlsServer {
    const { clientCertificates, current, subscribe } = source;
    // A resumed session would carry on a certificate that has expired since, a renegotiated one could bring another.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | (clientCertificates === 'none' ? 0 : constants.SSL_OP_NO_TICKET);
    const options = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], secureOptions } as const;
    const clients = { requestCert: clientCertificates !== 'none', rejectUnauthorized: clientCertificates === 'required' };
    let { ca } = current();
    const server = createTlsServer({ ...options, ...current(), ...clients, noDelay: true, handshakeTimeout: handshakeTimeoutMs }, take);
    server.on('tlsClientError', (error: HandshakeError, { authorizationError, remoteAddress }: TLSSocket) => {
      // A code, whatever its type says; null while nothing is wrong with it.
      const refusal = authorizationError as unknown as string | null | undefined;
      const why = whyOf(error, refusal ?? undefined);
      if (why !== undefined) failedHandshakes.failed(why, remoteAddress);
    });
    const end = subscribe((next) => {
      server.setSecureContext({ ...options, ...next });
      // With another certificate of ours, connections there are keep what they began with.
      if (next.ca === ca) return;
      ca = next.ca;
      trust += 1;
      endIdle();
    });
    ends.push(end);
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
      const emptied = new Promise<void>((resolve) => (onEmpty = resolve));
      for (const connection of connections) connection.retire();
      if (connections.size > 0) await emptied;
      await Promise.all(closed);
    },
    destroy() {
      for (const connection of connections) connection.destroy();
    },
  };
}

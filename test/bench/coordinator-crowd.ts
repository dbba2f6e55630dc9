// A loopback address for every pretended Pod, and behind each an HTTP server that answers the operator as a Trino would: one statement
// with one row, and no queries.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Pod } from '../../src/core/objects.ts';
import { httpPort } from '../../src/render/config.ts';

export interface CoordinatorCrowd {
  /** An address of its own; for a coordinator, one that answers. */
  addressOf(count: number, pod: Pod): string;
  stop(): void;
}

function answer(id: string, request: IncomingMessage, response: ServerResponse): void {
  const isStatement = request.method === 'POST';
  // Nought: as the number of open transactions it keeps nobody from sleeping.
  const page = { id: `20260101_000000_00000_${id}`, columns: [{ name: 'x', type: 'integer' }], data: [[0]], stats: { state: 'FINISHED' } };
  request.resume();
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(isStatement ? page : []));
}

export function createCoordinatorCrowd(): CoordinatorCrowd {
  const servers: Server[] = [];
  return {
    addressOf(count, pod) {
      // A range that no local node gives out; a thousand of it are this process's own.
      const mine = (process.pid % 64) * 1024 + count;
      const address = `127.211.${mine >> 8}.${mine & 255}`;
      if (pod.metadata.labels?.['app.kubernetes.io/component'] === 'coordinator') {
        const id = `b${count.toString(36).padStart(4, '0')}`;
        const server = createServer((request, response) => answer(id, request, response));
        servers.push(server.listen(httpPort, address));
      }
      return address;
    },
    stop() {
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}

// A coordinator on a raw socket: writes down what arrives, byte by byte, and answers with whatever bytes a test wants.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface RawRequest {
  /** Method, target and body. */
  readonly what: string;
  /** All of its head. */
  readonly head: string;
  /** Which connection it came by. */
  readonly connection: number;
}

export interface RawCoordinator {
  readonly url: string;
  readonly requests: RawRequest[];
  /** What the next answers are; default: 200. */
  answer: (socket: Socket, request: RawRequest) => void;
}

export function answerOk(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
}

/** Stopped when the test ends. */
export async function aRawCoordinator(t: TestContext): Promise<RawCoordinator> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = (connections += 1);
    let text = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The gateway breaks off what it cannot read.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = text.slice(0, end + 4);
        const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const [line = ''] = head.split(' HTTP/1.1\r\n', 1);
        const request = { what: `${line} ${text.slice(end + 4, end + 4 + length)}`, head, connection };
        text = text.slice(end + 4 + length);
        // The gateway's own question after an answer that was none.
        if (line === 'GET /v1/info') {
          answerOk(socket);
          continue;
        }
        coordinator.requests.push(request);
        coordinator.answer(socket, request);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const coordinator: RawCoordinator = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answer: answerOk,
  };
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return coordinator;
}

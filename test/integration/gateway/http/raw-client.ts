// A client on a raw socket: sends bytes, in whatever pieces, and collects what comes back.
import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawClient {
  send(pieces: readonly string[]): Promise<void>;
  /** What has come so far, Latin-1. */
  readonly text: string;
  readonly statuses: readonly number[];
  /** Fulfilled when so many answers have begun, or the gateway has closed the connection. */
  answers(count: number): Promise<void>;
  /** Fulfilled when the condition holds, or the gateway has closed the connection. */
  until(condition: (text: string) => boolean): Promise<void>;
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  /** As a client that goes. */
  destroy(): void;
  /** As one that goes without a word. */
  reset(): void;
  pause(): void;
  resume(): void;
}

export async function aRawClient(port: number): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let text = '';
  let isClosed = false;
  const waiting = new Set<() => void>();
  const tell = (): void => waiting.forEach((look) => look());
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    tell();
  });
  // The gateway closes on who sends what is no request.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      tell();
      resolve();
    });
  });
  await once(socket, 'connect');
  const until = (condition: (text: string) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isClosed && !condition(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const client: RawClient = {
    async send(pieces) {
      for (const piece of pieces) {
        if (socket.destroyed || socket.writableEnded) return;
        socket.write(piece, 'latin1');
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    get text() {
      return text;
    },
    get statuses() {
      return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    },
    answers: (count) => until(() => client.statuses.length >= count),
    until,
    closed,
    get isClosed() {
      return isClosed;
    },
    destroy: () => socket.destroy(),
    reset: () => socket.resetAndDestroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
  return client;
}

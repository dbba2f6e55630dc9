// Tells a test when a process it did not start itself begins and ends: the process holds a connection to the test.
import { createServer, type Socket } from 'node:net';

export interface Lifeline {
  /** Program text for `sh -c`/`node -e`: connects, then runs `andThen`, and stays; with `deaf` it ignores SIGTERM. */
  program(deaf: boolean, andThen?: string): readonly string[];
  /** Fulfilled with the next process that connects; `gone` is fulfilled when it has ended. */
  next(): Promise<{ readonly pid: number; readonly gone: Promise<void> }>;
  /** Ends the processes that are still connected, too. */
  close(): void;
}

export async function createLifeline(): Promise<Lifeline> {
  const arrived: { readonly pid: number; readonly gone: Promise<void> }[] = [];
  const sockets = new Set<Socket>();
  let wake = Promise.withResolvers<void>();
  const server = createServer((socket: Socket) => {
    const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // a killed process resets the connection
    socket.once('data', (data) => {
      arrived.push({ pid: Number(data.toString()), gone });
      wake.resolve();
      wake = Promise.withResolvers<void>();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    program(deaf, andThen = '') {
      const text = `${deaf ? "process.on('SIGTERM', () => {});" : ''} require('net').connect(${port}, '127.0.0.1').on('close', () => process.exit()).write(String(process.pid), () => {${andThen}}); setInterval(() => {}, 1e6);`;
      return [process.execPath, '-e', text];
    },
    async next() {
      for (;;) {
        const first = arrived.shift();
        if (first !== undefined) return first;
        await wake.promise;
      }
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

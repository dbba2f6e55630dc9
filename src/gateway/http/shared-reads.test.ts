import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readShared } from './shared-reads.ts';

test('two connections read what each was sent, into the same memory, and both can answer', async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const said: string[] = [];
  const buffers = new Set<ArrayBufferLike>();
  server.on('connection', (accepted) => {
    const socket = readShared(accepted);
    socket.on('data', (bytes) => {
      said.push(bytes.toString());
      buffers.add(bytes.buffer);
      socket.end(`heard ${bytes.toString()}`);
    });
  });
  const { port } = server.address() as AddressInfo;
  for (const word of ['one', 'two']) {
    const client = connect(port, '127.0.0.1').setEncoding('utf8');
    client.write(word);
    let answer = '';
    for await (const part of client) answer += String(part);
    assert.equal(answer, `heard ${word}`);
  }
  server.close();
  assert.deepEqual(said, ['one', 'two']);
  assert.equal(buffers.size, 1);
});

test('a connection whose kernel side is not where it was in the pinned Node is read as Node reads it', async () => {
  const accepted = new PassThrough().pause();
  accepted.write('still here');
  const socket = readShared(accepted as unknown as Socket);
  assert.equal(socket, accepted);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  assert.equal(bytes.toString(), 'still here');
});

// What a client's connection does with silence, on a socket that is none: time is told, not waited for.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { ClientConnection } from './client-connection.ts';
import { keepAliveMs, type ClientExchange } from './client-exchange.ts';
import { KnownLines } from './header-lines.ts';
import { createLargeHeads, largeHeadBytes } from './large-heads.ts';

class FakeSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  #chunks: Buffer[] = [];
  timeoutMs = 0;
  /** The client takes what is sent. */
  isTaking = true;
  #silent: (() => void) | undefined;

  get sent(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  forgetSent(): void {
    this.#chunks = [];
  }

  setTimeout(ms: number, silent?: () => void): this {
    this.timeoutMs = ms;
    this.#silent ??= silent;
    return this;
  }

  /** The time-out passes. */
  beSilent(): void {
    this.#silent?.();
  }

  override _read(): void {
    // Pushed by the test.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // What is not taken yet must be left alone by whoever has written it.
    this.#chunks.push(this.isTaking ? Buffer.from(chunk) : chunk);
    if (this.isTaking) done();
  }
}

interface Served {
  readonly socket: FakeSocket;
  readonly exchanges: readonly ClientExchange[];
  say(text: string): Promise<void>;
  /** The gateway stops. */
  stop(): void;
  /** Other authorities are trusted for certificates of clients. */
  trustOthers(): void;
  nowMs: number;
}

function aConnection(largeHeads = createLargeHeads()): Served {
  const socket = new FakeSocket();
  const exchanges: ClientExchange[] = [];
  let isStopping = false;
  let trust = 0;
  const served = {
    socket,
    exchanges,
    nowMs: 0,
    stop() {
      isStopping = true;
      connection.retire();
    },
    trustOthers: () => void (trust += 1),
    async say(text: string) {
      socket.push(text);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const connection = new ClientConnection(socket as unknown as Socket, {
    clock: { now: () => served.nowMs, after: () => () => undefined },
    handle: (exchange) => void exchanges.push(exchange),
    isStopping: () => isStopping,
    trust: () => trust,
    largeHeads,
    knownLines: new KnownLines(),
    onClosed: () => undefined,
  });
  return served;
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const halfPost = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf';
const nobody = { onData: () => undefined, onEnd: () => undefined, onBroken: () => undefined };

it('text of any language is sent in UTF-8, with its length in bytes', async () => {
  for (const text of ['plain', 'größer', 'ж', '☃'.repeat(10_000)]) {
    const { socket, exchanges, say } = aConnection();
    await say('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    exchanges[0]?.send(200, [], text);
    const [head = '', body] = socket.sent.split('\r\n\r\n');
    assert.equal(body, text);
    assert.match(head, new RegExp(`\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`));
  }
});

describe('a head that is large', () => {
  const start = 'GET / HTTP/1.1\r\nHost: a\r\n';
  const line = `X-A: ${'b'.repeat(largeHeadBytes)}`;

  it('is refused while too many others are coming, and served when they have come', async () => {
    const places = createLargeHeads(1);
    const [first, second, third] = [aConnection(places), aConnection(places), aConnection(places)];
    await first.say(start + line);
    await second.say(start + line);
    assert.match(second.socket.sent, /^HTTP\/1\.1 503 /);
    await first.say('\r\n\r\n');
    await third.say(start + line);
    await third.say('\r\n\r\n');
    assert.deepEqual([first.exchanges.length, third.exchanges.length, third.socket.sent], [1, 1, '']);
  });

  it('whose client goes leaves its place to the next one', async () => {
    const places = createLargeHeads(1);
    const gone = aConnection(places);
    await gone.say(start + line);
    gone.socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(places.begin(), true);
  });
});

describe('an answer that a client does not take', () => {
  it('stays as it is while others are answered', async () => {
    const [slow, other] = [aConnection(), aConnection()];
    slow.socket.isTaking = false;
    await slow.say(get);
    await other.say(get);
    slow.exchanges[0]?.send(200, [], 'for the slow one');
    other.exchanges[0]?.send(200, [], 'for somebody else');
    assert.match(slow.socket.sent, /for the slow one$/);
    assert.match(other.socket.sent, /for somebody else$/);
  });
});

describe('a client that is silent', () => {
  it('before its request or in the middle of a head is cut', async () => {
    for (const text of ['', 'GET / HTT']) {
      const { socket, say } = aConnection();
      await say(text);
      assert.equal(socket.timeoutMs, keepAliveMs);
      socket.beSilent();
      assert.equal(socket.destroyed, true);
    }
  });

  it('in the middle of a body is cut, and who reads it is told', async () => {
    const { socket, exchanges, say } = aConnection();
    await say(halfPost);
    let isBroken = false;
    exchanges[0]?.readBody({ ...nobody, onBroken: () => (isBroken = true) });
    socket.beSilent();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([socket.destroyed, isBroken, exchanges[0]?.aborted], [true, true, true]);
  });

  it('while its answer is made waits for it', async () => {
    const { socket, exchanges, say } = aConnection();
    await say(get);
    for (let times = 0; times < 10; times += 1) socket.beSilent();
    assert.equal(socket.destroyed, false);
    exchanges[0]?.send(200, [], 'late');
    assert.match(socket.sent, /^HTTP\/1\.1 200 OK\r\n[^]*late$/);
  });

  it('and does not take its answer is cut after five minutes', async () => {
    const { socket, exchanges, say } = aConnection();
    socket.isTaking = false;
    await say(get);
    exchanges[0]?.send(200, [], 'x'.repeat(100_000));
    for (let times = 0; times < 4; times += 1) socket.beSilent();
    assert.equal(socket.destroyed, false);
    socket.beSilent();
    assert.equal(socket.destroyed, true);
  });
});

describe('a client that is slow', () => {
  it('with its head is cut a minute after it began, whatever it sends', async () => {
    const served = aConnection();
    for (const character of 'GET / HTTP') {
      await served.say(character);
      served.nowMs += 6_000;
    }
    assert.equal(served.socket.destroyed, false);
    await served.say('/');
    served.nowMs += 6_000;
    await served.say('1');
    assert.equal(served.socket.destroyed, true);
  });

  it('with its body is cut two minutes after its head', async () => {
    const served = aConnection();
    await served.say(halfPost);
    served.exchanges[0]?.readBody(nobody);
    served.nowMs = 120_000;
    await served.say('x');
    assert.equal(served.socket.destroyed, false);
    served.nowMs += 1;
    await served.say('x');
    assert.equal(served.socket.destroyed, true);
  });
});

describe('a clock that is set', () => {
  it('back or forward disturbs nobody who sends whole requests', async () => {
    const served = aConnection();
    for (const jumpMs of [0, 86_400_000, -86_400_000, 365 * 86_400_000]) {
      served.nowMs += jumpMs;
      await served.say(get);
      served.nowMs -= jumpMs * 2;
      served.exchanges.at(-1)?.send(200, [], 'here');
    }
    assert.equal(served.socket.sent.match(/here/g)?.length, 4);
    assert.equal(served.socket.destroyed, false);
  });
});

const isKept = /^HTTP\/1\.1 200 OK\r\n[^]*Connection: keep-alive\r\n/;
const isLast = /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/;

describe('a connection whose certificate was judged by former authorities', () => {
  it('gets no second answer, whatever its first one had promised', async () => {
    for (const isBegun of [false, true]) {
      const { socket, exchanges, say, trustOthers } = aConnection();
      await say(get);
      if (isBegun) exchanges[0]?.begin(200, 'OK', [], 0);
      trustOthers();
      if (isBegun) exchanges[0]?.end();
      else exchanges[0]?.send(200, [], '');
      assert.match(socket.sent, isBegun ? isKept : isLast);
      await say(get);
      assert.deepEqual([exchanges.length, socket.writableEnded], [1, true]);
    }
  });
});

describe('a client that waits to be told to send its body', () => {
  const waits = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n';

  it('and is not told gets the last answer of its connection: what comes next could be either', async () => {
    const { socket, exchanges, say } = aConnection();
    await say(waits);
    exchanges[0]?.send(200, [], 'no');
    assert.match(socket.sent, isLast);
  });

  it('and is told keeps its connection', async () => {
    const { socket, exchanges, say } = aConnection();
    await say(waits);
    exchanges[0]?.readBody(nobody);
    assert.equal(socket.sent, 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.forgetSent();
    await say('body');
    exchanges[0]?.send(200, [], 'yes');
    assert.match(socket.sent, isKept);
  });
});

describe('a gateway that stops', () => {
  async function answered(): Promise<Served> {
    const served = aConnection();
    await served.say(get);
    served.exchanges[0]?.send(200, [], 'one');
    assert.match(served.socket.sent, isKept);
    served.socket.forgetSent();
    return served;
  }

  it('answers the request that was on its way to it, and says that it was the last', async () => {
    const { socket, exchanges, say, stop } = await answered();
    stop();
    assert.equal(socket.destroyed, false);
    await say(get);
    exchanges[1]?.send(200, [], 'two');
    assert.match(socket.sent, isLast);
    assert.equal(socket.writableEnded, true);
  });

  it('does so after an answer too that had promised to go on', async () => {
    const { socket, exchanges, say, stop } = await answered();
    await say(get);
    exchanges[1]?.begin(200, 'OK', [], 3);
    stop();
    exchanges[1]?.add(Buffer.from('two'));
    exchanges[1]?.end();
    assert.match(socket.sent, isKept);
    assert.deepEqual([socket.writableEnded, socket.timeoutMs], [false, 1_000]);
    socket.forgetSent();
    await say(get);
    exchanges[2]?.send(200, [], 'three');
    assert.match(socket.sent, isLast);
  });

  it('ends the connection of who has been quiet for a second, or is quiet for one', async () => {
    const quiet = await answered();
    quiet.nowMs += 1_000;
    quiet.stop();
    assert.equal(quiet.socket.destroyed, true);
    const { socket, stop } = await answered();
    stop();
    socket.beSilent();
    assert.equal(socket.destroyed, true);
  });
});

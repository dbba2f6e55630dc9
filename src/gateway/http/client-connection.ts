// A client's connection: finds one request after the other in what comes, hands each over when the one before is answered, and ends
// the connection of who sends what is no request, too slowly or too much. Shell. Knows nothing of Trino.
import type { Socket } from 'node:net';
import type { Clock, EpochMs } from '#core/clock.ts';
import { BodyError, createBodyDecoder, type BodyDecoder } from './body-decoder.ts';
import { ClientExchange, keepAliveMs, type ExchangeOwner } from './client-exchange.ts';
import { hasHalfLineEnd, maxHeadBytes } from './fields.ts';
import { Gathering } from './gathering.ts';
import { maxKeptLines, type HeaderLines, type KnownLines } from './header-lines.ts';
import { largeHeadBytes, type LargeHeads } from './large-heads.ts';
import { reasonOf } from './reason-phrases.ts';
import { parseRequestHead, type Refusal, type RequestHead } from './request-head.ts';

/** What all connections of a server have in common: each keeps as little as it can of its own, since there are thousands. */
export interface ConnectionsInit {
  readonly clock: Clock;
  readonly handle: (exchange: ClientExchange) => void;
  /** Answers are the last of their connections. */
  readonly isStopping: () => boolean;
  /** Counts changes of whose certificates clients may show: a connection of before ends at once, whatever it was promised. */
  readonly trust: () => number;
  readonly largeHeads: LargeHeads;
  readonly knownLines: KnownLines;
  readonly onClosed: (connection: ClientConnection) => void;
}

/** From the first byte of a head to its last: 1 MiB over a slow line. */
export const headTimeoutMs = 60_000;
/** A whole request, its body included, has to arrive within this: 16 MiB over a slow line. */
export const requestTimeoutMs = 120_000;
/** Of later requests, or of a body that nobody reads yet, kept while one is being answered; then the client has to wait. */
const maxAheadBytes = 128 * 1024;
/** A client that takes nothing for this many times the idle time-out is gone: as Trino's query.client.timeout. */
const maxSilences = 4;
/** A client whose last answer is so long ago is not just sending its next request: what it would send into a close it may lose. */
const quietMs = 1_000;
/** So long what a refused client still sends is read and thrown away, so that it can read why. */
const lingerMs = 2_000;
const maxLingerBytes = 1024 * 1024;

/** Header lines that a connection compares the next ones with first: of a statement, and of what asks for its pages. */
const rememberedLines = 2;

const endOfLine = Buffer.from('\r\n');
const endOfHead = Buffer.from('\r\n\r\n');

export class ClientConnection implements ExchangeOwner {
  readonly socket: Socket;
  /** Read at once: a closed socket does not know it any more. */
  readonly clientAddress: string;
  readonly #init: ConnectionsInit;
  readonly #trustAtBirth: number;
  /** What has come and is not read yet. */
  #ahead: Buffer | undefined;
  readonly #gathering = new Gathering();
  #exchange: ClientExchange | undefined;
  /** The rest of the request's body; undefined when there is none. */
  #body: BodyDecoder | undefined;
  #requestBeganAt: EpochMs = 0;
  /** Newest first. */
  #lastLines: HeaderLines[] = [];
  /** Bytes of the next head that have been searched for its end. */
  #searched = 0;
  #hasLargeHead = false;
  #isAdvancing = false;
  /** The client waits to be told to send its body. */
  #owesContinue = false;
  /** Bytes of a refused client; undefined while it is served. */
  #lingered: number | undefined;
  #silences = 0;
  #idleSince: EpochMs;

  constructor(socket: Socket, init: ConnectionsInit) {
    this.socket = socket;
    this.clientAddress = socket.remoteAddress ?? 'unknown';
    this.#init = init;
    this.#trustAtBirth = init.trust();
    this.#idleSince = init.clock.now();
    socket.setTimeout(keepAliveMs, () => this.#silent());
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#drained());
    // As 'close', but a client that has gone is noticed also while its answer waits.
    socket.on('end', () => this.#depart());
    socket.on('close', () => {
      this.#depart();
      init.onClosed(this);
    });
    // 'close' follows.
    socket.on('error', () => undefined);
  }

  get isIdle(): boolean {
    return this.#exchange === undefined && this.#lingered === undefined;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** No more than one request: the one that may be on its way, whose answer says so. Without one it ends when the client is quiet. */
  retire(): void {
    if (!this.isIdle) return;
    if (this.#init.clock.now() - this.#idleSince >= quietMs) this.destroy();
    else this.socket.setTimeout(quietMs);
  }

  /** The chunk may be written over afterwards. */
  #take(chunk: Buffer): void {
    if (this.#lingered !== undefined) {
      this.#lingered += chunk.length;
      if (this.#lingered > maxLingerBytes) this.destroy();
      return;
    }
    this.#ahead = this.#ahead === undefined ? chunk : this.#gathering.append(this.#ahead, chunk);
    this.#advance();
    if (this.#ahead?.buffer === chunk.buffer) this.#ahead = Buffer.from(this.#ahead);
  }

  /** Goes on until more has to come or somebody has to do something. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (!this.socket.destroyed && this.#lingered === undefined && this.#step());
    this.#isAdvancing = false;
    if (this.#ahead === undefined) this.#gathering.release();
    const { socket } = this;
    const hasEnough = this.#exchange !== undefined && (this.#ahead?.length ?? 0) > maxAheadBytes;
    if (hasEnough !== socket.isPaused()) void (hasEnough ? socket.pause() : socket.resume());
  }

  /** False when nothing can be done just now. */
  #step(): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#beginExchange();
    if (this.#body !== undefined) return this.#readBody(exchange, this.#body);
    if (!exchange.isEnded || exchange.needsDrain) return false;
    this.#exchange = undefined;
    this.#idleSince = this.#init.clock.now();
    if (this.#isLeaving()) this.retire();
    return true;
  }

  #beginExchange(): boolean {
    const head = this.#readHead();
    if (head === undefined) return false;
    const exchange = new ClientExchange(head, this);
    this.#exchange = exchange;
    this.#owesContinue = head.awaitsContinue;
    this.#body = head.body === 0 ? undefined : createBodyDecoder(head.body);
    this.#init.handle(exchange);
    return true;
  }

  now(): EpochMs {
    return this.#init.clock.now();
  }

  mayKeepAlive(): boolean {
    // A client that was not told to send its body may send it or not: what comes next could be either.
    return this.#exchange?.head.keepsAlive === true && !this.#isLeaving() && !this.#owesContinue;
  }

  bodyIsWanted(exchange: ClientExchange): void {
    if (this.#owesContinue) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    this.#owesContinue = false;
    if (this.#body === undefined) exchange.reader?.onEnd();
    else this.#advance();
  }

  #isDone(): boolean {
    return this.#init.trust() !== this.#trustAtBirth;
  }

  #isLeaving(): boolean {
    return this.#init.isStopping() || this.#isDone();
  }

  /** Undefined when it is not all there yet, or was refused. */
  #readHead(): RequestHead | undefined {
    const ahead = this.#ahead;
    if (ahead === undefined) return undefined;
    if (this.#searched === 0) this.#requestBeganAt = this.#init.clock.now();
    const end = ahead.indexOf(endOfHead, Math.max(0, this.#searched - 3));
    if (end < 0 || end + 4 > maxHeadBytes) return this.#missEnd(ahead);
    // Some old clients end a body with one line end too many (RFC 9112 section 2.2).
    const start = end > 0 && ahead[0] === 13 && ahead[1] === 10 ? 2 : 0;
    const lineEnd = ahead.indexOf(endOfLine, start);
    const line = ahead.toString('latin1', start, lineEnd);
    const head = parseRequestHead(line, ahead.toString('latin1', lineEnd + 2, end + 4), this.#init.knownLines, this.#lastLines);
    this.#ahead = end + 4 === ahead.length ? undefined : ahead.subarray(end + 4);
    this.#searched = 0;
    this.#endLargeHead();
    if ('status' in head) {
      this.#refuse(head);
      return undefined;
    }
    this.#remember(head.lines);
    return head;
  }

  #remember(lines: HeaderLines): void {
    const last = this.#lastLines;
    if (lines === last[0] || lines.text.length > maxKeptLines) return;
    this.#lastLines = [lines, ...last.filter((other) => other !== lines)].slice(0, rememberedLines);
  }

  #missEnd(ahead: Buffer): undefined {
    const { clock, largeHeads } = this.#init;
    // Else a client that ends its lines with LF alone would wait until it is cut.
    const isHopeless = hasHalfLineEnd(ahead, this.#searched);
    this.#searched = ahead.length;
    if (ahead.length > maxHeadBytes) this.#refuse({ status: 431, why: `a head is longer than ${maxHeadBytes / 1024} KiB` });
    else if (isHopeless) this.#refuse({ status: 400, why: 'a control character or half of a line end' });
    else if (clock.now() - this.#requestBeganAt > headTimeoutMs) this.destroy();
    else if (ahead.length > largeHeadBytes && !this.#hasLargeHead) {
      this.#hasLargeHead = largeHeads.begin();
      if (!this.#hasLargeHead) this.#refuse({ status: 503, why: 'too many clients are sending large heads just now; try again' });
    }
    return undefined;
  }

  #endLargeHead(): void {
    if (this.#hasLargeHead) this.#init.largeHeads.end();
    this.#hasLargeHead = false;
  }

  #readBody(exchange: ClientExchange, body: BodyDecoder): boolean {
    const { reader, isEnded } = exchange;
    const ahead = this.#ahead;
    if (ahead === undefined || (reader === undefined && !isEnded)) return false;
    if (this.#init.clock.now() - this.#requestBeganAt > requestTimeoutMs) {
      this.destroy();
      return false;
    }
    let size = 0;
    try {
      size = body.read(ahead, (slice) => reader?.onData(slice));
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      this.#breakBody(exchange, error.message);
      return false;
    }
    this.#ahead = size === ahead.length ? undefined : ahead.subarray(size);
    if (!body.isDone) return false;
    this.#body = undefined;
    reader?.onEnd();
    return true;
  }

  #breakBody(exchange: ClientExchange, why: string): void {
    const { isOpen, reader } = exchange;
    exchange.leave();
    reader?.onBroken();
    this.#exchange = undefined;
    this.#refuse({ status: 400, why }, isOpen);
  }

  answered(keepsAlive: boolean): void {
    const { socket } = this;
    // What its head has promised cannot be taken back: the next request may be on its way.
    if (keepsAlive && !this.#isDone()) return this.#advance();
    this.#exchange = undefined;
    socket.end();
    this.#linger();
  }

  #linger(): void {
    const { socket } = this;
    this.#ahead = undefined;
    this.#gathering.release();
    this.#endLargeHead();
    this.#lingered = 0;
    socket.setTimeout(lingerMs);
    socket.resume();
  }

  /** Nobody knows where the next request begins: this was the last one. */
  #refuse({ status, why }: Refusal, mayAnswer = true): void {
    const { socket } = this;
    if (!mayAnswer) return this.destroy();
    const body = `${why}\n`;
    const head = `HTTP/1.1 ${status} ${reasonOf(status)}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    socket.end(head + body);
    this.#linger();
  }

  #drained(): void {
    this.#silences = 0;
    if (this.#exchange?.isEnded === true) this.#advance();
  }

  /** Nothing has come or gone for a while. */
  #silent(): void {
    const { socket } = this;
    const exchange = this.#exchange;
    const waitsForClient = exchange === undefined || this.#lingered !== undefined || (this.#body !== undefined && !exchange.isEnded);
    this.#silences = exchange?.isEnded === true ? this.#silences + 1 : 0;
    if (waitsForClient || this.#silences > maxSilences) return this.destroy();
    // Its answer takes its time: whoever makes it has time-outs of its own. A socket's time-out fires once.
    socket.setTimeout(keepAliveMs);
  }

  #depart(): void {
    this.#endLargeHead();
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isEnded) return;
    exchange.leave();
    if (this.#body !== undefined) exchange.reader?.onBroken();
    this.destroy();
  }
}

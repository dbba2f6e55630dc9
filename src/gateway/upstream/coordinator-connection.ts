// One kept-alive connection to a coordinator: sends a request, finds the head of its answer and the end of its body. Shell. Bytes are
// handed on as they come; what is no HTTP/1.1 answer breaks the connection, and so does what comes unasked.
import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectSecurely, type SecureContext } from 'node:tls';
import { parseAnswerHead, type AnswerHead } from '../http/answer-head.ts';
import { BodyError, createBodyDecoder, type BodyDecoder } from '../http/body-decoder.ts';
import type { Cancellation } from '../http/departure.ts';
import { hasHalfLineEnd, maxHeadBytes } from '../http/fields.ts';
import { Gathering } from '../http/gathering.ts';
import { giveBack, spareBytes, takeSpare } from './spare-buffers.ts';

export interface AnswerReader {
  /** The slice may be written over after `onRead` has returned true. */
  onData(slice: Buffer): void;
  /** What one read brought has been given; `isLast`: the body is complete. False when the slices are still needed. */
  onRead(isLast: boolean): boolean;
  /** Nothing came for a while. False when that is the coordinator's fault. */
  isSlowItself(): boolean;
  onBroken(error: Error): void;
}

export interface Request {
  /** In Latin-1, with its empty line. */
  readonly head: string;
  readonly body: Buffer | undefined;
  readonly toHead: boolean;
  readonly signal: Cancellation;
  onHead(head: AnswerHead): void;
  /** There is no answer; `hasBegun`: a part of its head came. */
  onFailed(error: NodeJS.ErrnoException, hasBegun: boolean): void;
}

export interface CoordinatorConnectionInit {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly secureContext: SecureContext | undefined;
  /** It may carry the next request. */
  readonly onIdle: () => void;
  readonly onClosed: () => void;
}

/** Trino's Jetty closes idle connections after 200 s: well before it, so that we close first. Also for a break in an answer. */
export const silentMs = 120_000;
/** A host that vanishes closes nothing: the kernel asks after this long without a packet, ten times a second apart, and breaks off. */
const keepAliveInitialDelay = 10_000;
/** Most answers are a few kilobytes; a connection that once had more at a time reads more at a time. */
const firstReadBytes = 16 * 1024;
const readBytes = 64 * 1024;
const maxInterimAnswers = 8;
const copyUpTo = 16 * 1024;
const nothing = Buffer.alloc(0);
const endOfHead = Buffer.from('\r\n\r\n');

export class CoordinatorConnection {
  readonly #init: CoordinatorConnectionInit;
  readonly #socket: Socket;
  /** The kernel writes into it; another one takes its place while somebody needs what is in it. */
  #buffer = Buffer.allocUnsafeSlow(firstReadBytes);
  #request: Request | undefined;
  #head: AnswerHead | undefined;
  #body: BodyDecoder | undefined;
  #reader: AnswerReader | undefined;
  /** Of the answer, not read yet; a copy. */
  #ahead: Buffer | undefined;
  /** Where it lies, if it is to be given back. */
  #spare: Buffer | undefined;
  readonly #gathering = new Gathering();
  /** Bytes of a head that have been searched for its end. */
  #searched = 0;
  #interimAnswers = 0;
  #error: Error | undefined;
  #isReused = false;
  #isOpening: boolean;

  constructor(init: CoordinatorConnectionInit) {
    this.#init = init;
    const onread = { buffer: () => this.#buffer, callback: (size: number, buffer: Uint8Array) => this.#take(size, buffer) };
    const { host, port, secureContext } = init;
    const to = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay, onread };
    this.#isOpening = secureContext !== undefined;
    const socket = secureContext === undefined ? connect(to) : this.#openSecurely(to, secureContext);
    this.#socket = socket;
    socket.setTimeout(silentMs, () => this.#silent());
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#closed());
  }

  /** What it trusts; undefined: plain HTTP. */
  get secureContext(): SecureContext | undefined {
    return this.#init.secureContext;
  }

  /** The coordinator has not shown yet who it is, and has not been sent a byte of a request. */
  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** It has carried a request before: the coordinator may be closing it just now. */
  get isReused(): boolean {
    return this.#isReused;
  }

  send(request: Request): void {
    this.#request = request;
    request.signal.addEventListener('abort', this.#leave);
    if (!this.#isOpening) this.#write(request);
  }

  #write({ head, body }: Request): void {
    const socket = this.#socket;
    if (body === undefined) return void socket.write(head, 'latin1');
    // One packet. What is large is not copied for that.
    if (body.length <= copyUpTo) return void socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  /** The body of the answer whose head has come. */
  read(reader: AnswerReader): void {
    this.#reader = reader;
    if (this.#body === undefined || this.#socket.destroyed) return reader.onBroken(this.#error ?? new Error('the connection is closed'));
    const ahead = this.#ahead;
    const spare = this.#spare;
    this.#ahead = undefined;
    this.#spare = undefined;
    const isFree = this.#readBody(ahead ?? nothing, this.#body, reader);
    // Paused: the client has yet to take it.
    if (spare !== undefined && isFree && !this.#socket.isPaused()) giveBack(spare);
    if (this.#body !== undefined) this.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #openSecurely(to: TcpNetConnectOpts, secureContext: SecureContext): Socket {
    const socket = connectSecurely({ ...to, secureContext, ...(isIP(to.host ?? '') === 0 ? { servername: to.host } : {}) }, () => {
      this.#isOpening = false;
      if (this.#request !== undefined) this.#write(this.#request);
    });
    // Which it does not take as options.
    return socket.setNoDelay(true).setKeepAlive(true, keepAliveInitialDelay);
  }

  readonly #leave = (): void => this.destroy(new Error('who asked has gone'));

  #take(size: number, buffer: Uint8Array): boolean {
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, size);
    if (this.#reader !== undefined && this.#body !== undefined) {
      const isFree = this.#readBody(bytes, this.#body, this.#reader);
      if (!isFree || (size === firstReadBytes && this.#buffer.length < readBytes)) this.#buffer = Buffer.allocUnsafeSlow(readBytes);
    } else if (this.#request === undefined) this.destroy(new Error('bytes that nobody asked for'));
    else if (this.#head === undefined) this.#readHead(this.#ahead === undefined ? bytes : this.#gathering.append(this.#ahead, bytes));
    else {
      // Nobody reads it yet.
      this.#ahead = Buffer.concat([this.#ahead ?? nothing, bytes]);
      this.#socket.pause();
    }
    return true;
  }

  #readHead(bytes: Buffer): void {
    const end = bytes.indexOf(endOfHead, Math.max(0, this.#searched - 3));
    if (end < 0 || end + 4 > maxHeadBytes) {
      if (bytes.length > maxHeadBytes) return this.#refuse(`its head is longer than ${maxHeadBytes / 1024} KiB`);
      if (hasHalfLineEnd(bytes, this.#searched)) return this.#refuse('half of a line end');
      this.#searched = bytes.length;
      // What lies in the kernel's buffer is overwritten; what was gathered stays where it is.
      this.#ahead = this.#ahead === undefined ? Buffer.from(bytes) : bytes;
      return;
    }
    this.#searched = 0;
    this.#gathering.release();
    const head = parseAnswerHead(bytes.toString('latin1', 0, end + 4), this.#request?.toHead === true);
    if (typeof head === 'string') return this.#refuse(head);
    const rest = bytes.subarray(end + 4);
    if (head.status < 200) return this.#passOver(head, rest);
    this.#head = head;
    this.#ahead = rest.length === 0 ? undefined : this.#keep(rest);
    this.#body = createBodyDecoder(head.body);
    this.#request?.onHead(head);
  }

  /** A copy: the kernel writes over what it has read. */
  #keep(rest: Buffer): Buffer {
    if (rest.length > spareBytes) return Buffer.from(rest);
    this.#spare = takeSpare();
    rest.copy(this.#spare);
    return this.#spare.subarray(0, rest.length);
  }

  /** 100 and 103 announce an answer; 101 would make it another protocol, which nobody has asked for. */
  #passOver({ status }: AnswerHead, rest: Buffer): void {
    this.#interimAnswers += 1;
    if (status === 101 || this.#interimAnswers > maxInterimAnswers) return this.#refuse(`it answered with HTTP ${status}`);
    this.#ahead = undefined;
    if (rest.length > 0) this.#readHead(rest);
  }

  /** False when the bytes are still needed. */
  #readBody(bytes: Buffer, body: BodyDecoder, reader: AnswerReader): boolean {
    let size: number;
    try {
      size = body.read(bytes, (slice) => reader.onData(slice));
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      this.#refuse(error.message);
      return false;
    }
    return body.isDone ? this.#finish(reader, size === bytes.length) : reader.onRead(false);
  }

  #finish(reader: AnswerReader, isAllOfIt: boolean): boolean {
    const isReusable = isAllOfIt && this.#head?.keepsAlive === true && !this.#socket.destroyed;
    this.#forget();
    const isFree = reader.onRead(true);
    if (!isReusable) this.#socket.destroy();
    else {
      this.#isReused = true;
      this.resume();
      this.#init.onIdle();
    }
    return isFree;
  }

  #forget(): void {
    this.#request?.signal.removeEventListener('abort', this.#leave);
    this.#request = undefined;
    this.#head = undefined;
    this.#body = undefined;
    this.#reader = undefined;
    this.#ahead = undefined;
    this.#spare = undefined;
    this.#interimAnswers = 0;
  }

  #refuse(problem: string): void {
    this.destroy(new Error(`the coordinator's answer is no HTTP/1.1 that can be passed on: ${problem}`));
  }

  #silent(): void {
    // Until the head, who asked has a time-out of its own. A socket's time-out fires once.
    const mayBeSilent = this.#request !== undefined && (this.#reader === undefined || this.#reader.isSlowItself());
    if (!mayBeSilent) this.destroy(new Error('nothing moved any more'));
    else this.#socket.setTimeout(silentMs);
  }

  #ended(): void {
    const reader = this.#reader;
    if (this.#head?.body !== 'until-close' || this.#error !== undefined || reader === undefined) return this.destroy();
    this.#forget();
    reader.onRead(true);
    this.destroy();
  }

  #closed(): void {
    const request = this.#request;
    const reader = this.#reader;
    const hasHead = this.#head !== undefined;
    const error = this.#error ?? Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
    const hasBegun = hasHead || this.#ahead !== undefined || this.#interimAnswers > 0;
    this.#forget();
    this.#init.onClosed();
    if (reader !== undefined) reader.onBroken(error);
    else if (!hasHead) request?.onFailed(error, hasBegun);
  }
}

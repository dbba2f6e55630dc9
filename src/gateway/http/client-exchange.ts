// One request of a client and its answer, as the handlers see them. Writes an answer's head and frames its body; what a body means is
// nobody's matter here. Whatever is said after the client has gone is thrown away. Shell.
import type { Socket } from 'node:net';
import { readClientCertificate, type ClientCertificate } from './client-certificate.ts';
import { Departure } from './departure.ts';
import { reasonOf } from './reason-phrases.ts';
import type { RequestHead } from './request-head.ts';

export interface BodyReader {
  /** The slice is the reader's only until it returns. */
  onData(slice: Buffer): void;
  onEnd(): void;
  /** The client has gone, or what it sends is no body. */
  onBroken(): void;
}

/** The connection, as the exchange that is under way on it sees it. */
export interface ExchangeOwner {
  readonly socket: Socket;
  readonly clientAddress: string;
  now(): number;
  /** Whether it goes on after the answer. */
  mayKeepAlive(): boolean;
  /** It has a reader for its body now. */
  bodyIsWanted(exchange: ClientExchange): void;
  /** The answer is complete. */
  answered(keepsAlive: boolean): void;
}

/** Above the idle time-outs of clients' pools and load balancers, so that they close first (trino-protocol 8.1). */
export const keepAliveMs = 75_000;
const keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n\r\n`;
const closeLines = 'Connection: close\r\n\r\n';
/** Up to here one copy is cheaper than telling the kernel of several buffers. */
const copyUpTo = 16 * 1024;

/** Where small answers are put together, one after the other: another one takes its place when the kernel has not taken all of it. */
let workspace = Buffer.allocUnsafeSlow(copyUpTo);

/** No more than `copyUpTo`. */
function writeJoined(socket: Socket, parts: readonly (string | Buffer)[]): void {
  let size = 0;
  for (const part of parts) size += typeof part === 'string' ? workspace.write(part, size, 'latin1') : part.copy(workspace, size);
  socket.write(workspace.subarray(0, size));
  if (socket.writableLength > 0) workspace = Buffer.allocUnsafeSlow(copyUpTo);
}

let dated = { second: 0, text: '' };

/** The value of `Date`, made once a second. */
function dateOf(now: number): string {
  const second = Math.floor(now / 1_000);
  if (second !== dated.second) dated = { second, text: new Date(now).toUTCString() };
  return dated.text;
}

/** Of all answers that have not begun or are complete: nothing is put into it. */
const nothing: (string | Buffer)[] = [];

export class ClientExchange extends Departure {
  readonly head: RequestHead;
  readonly #owner: ExchangeOwner;
  #state: 'open' | 'begun' | 'ended' = 'open';
  #keepsAlive = false;
  #isLast = false;
  #isChunked = false;
  #hasBody = true;
  /** Of the answer, not yet written. Text is Latin-1: a byte per character. */
  #parts = nothing;
  #reader: BodyReader | undefined;
  #status = 0;
  #sentBytes = 0;
  #onFinished: ((subject: unknown) => void) | undefined;
  #subject: unknown;
  #decoration: (() => readonly [string, string]) | undefined;

  constructor(head: RequestHead, owner: ExchangeOwner) {
    super();
    this.head = head;
    this.#owner = owner;
  }

  get clientAddress(): string {
    return this.#owner.clientAddress;
  }

  get isTls(): boolean {
    return 'encrypted' in this.#owner.socket;
  }

  get clientCertificate(): ClientCertificate | undefined {
    return readClientCertificate(this.#owner.socket);
  }

  /** Nothing of an answer has been sent, and there is somebody to read one. */
  get isOpen(): boolean {
    return this.#state === 'open' && !this.aborted;
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Of the answer, and 0 when none was begun. */
  get status(): number {
    return this.#status;
  }

  /** Of the answer, its head included. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Called back once, with `subject`: the answer is complete, or the client has gone. */
  onFinished<T>(listener: (subject: T) => void, subject: T): void {
    this.#onFinished = listener as (subject: unknown) => void;
    this.#subject = subject;
  }

  /** One more header for whatever answer it gets; made when the answer begins. */
  decorate(make: () => readonly [string, string]): void {
    this.#decoration = make;
  }

  /** The answer, not yet begun, is the last one of its connection. */
  endConnection(): void {
    this.#isLast = true;
  }

  /** The client has gone, or there is no more to be had from it. */
  leave(): void {
    this.abort();
    this.#finish();
  }

  #finish(): void {
    const listener = this.#onFinished;
    this.#onFinished = undefined;
    listener?.(this.#subject);
  }

  get reader(): BodyReader | undefined {
    return this.#reader;
  }

  /** The body of the request; at most once. Without a reader it waits, and is thrown away after the answer. */
  readBody(reader: BodyReader): void {
    this.#reader = reader;
    if (this.aborted) reader.onBroken();
    else this.#owner.bodyIsWanted(this);
  }

  /** A whole answer of the gateway's own. `headers` alternate names and values, without any about the length. */
  send(status: number, headers: readonly string[], body: Buffer | string): void {
    if (!this.isOpen) return;
    // As many bytes as characters: it is ASCII, and written as it is.
    const bytes = typeof body === 'string' && Buffer.byteLength(body) !== body.length ? Buffer.from(body) : body;
    this.begin(status, reasonOf(status), [...headers, 'Date', dateOf(this.#owner.now())], status === 204 ? undefined : bytes.length);
    this.add(bytes);
    this.end();
  }

  /** `length`: of the body in bytes, as far as it is known; of the one a GET would have had, in an answer to HEAD. */
  begin(status: number, reason: string, headers: readonly string[], length: number | undefined): void {
    if (!this.isOpen) return;
    this.#state = 'begun';
    this.#status = status;
    const { method, isHttp10 } = this.head;
    this.#hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    this.#isChunked = this.#hasBody && length === undefined && !isHttp10;
    this.#keepsAlive = !this.#isLast && this.#owner.mayKeepAlive() && (length !== undefined || this.#isChunked || !this.#hasBody);
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let index = 0; index < headers.length; index += 2) text += `${headers[index] as string}: ${headers[index + 1] as string}\r\n`;
    if (this.#decoration !== undefined) text += `${this.#decoration().join(': ')}\r\n`;
    if (length !== undefined) text += `Content-Length: ${length}\r\n`;
    else if (this.#isChunked) text += 'Transfer-Encoding: chunked\r\n';
    this.#parts = [text + (this.#keepsAlive ? keepAliveLines : closeLines)];
  }

  /** More of the body, text in Latin-1. It may be needed until `flush` says that it is not. */
  add(slice: Buffer | string): void {
    if (!this.#hasBody || slice.length === 0 || this.#state !== 'begun') return;
    if (this.#isChunked) this.#parts.push(`${slice.length.toString(16)}\r\n`, slice, '\r\n');
    else this.#parts.push(slice);
  }

  /** Writes what there is. False when the kernel has not taken all of it: then the slices are still needed. */
  flush(): boolean {
    const { socket } = this.#owner;
    const parts = this.#parts;
    if (parts.length === 0) return true;
    this.#parts = this.#state === 'ended' ? nothing : [];
    let size = 0;
    for (const { length } of parts) size += length;
    this.#sentBytes += size;
    if (size <= copyUpTo) {
      writeJoined(socket, parts);
      return true;
    }
    if (parts.length > 1) socket.cork();
    for (const part of parts) socket.write(part, 'latin1');
    if (parts.length > 1) socket.uncork();
    return socket.writableLength === 0;
  }

  /** The client has yet to take what was written. Node says so also of as much as it buffers at most when the kernel has taken it all. */
  get needsDrain(): boolean {
    const { socket } = this.#owner;
    return socket.writableNeedDrain && socket.writableLength > 0;
  }

  /** Called back once, when the client has taken what waits for it. */
  onDrain(listener: () => void): void {
    this.#owner.socket.once('drain', listener);
  }

  /** As `onDrain`, and also when the client has gone instead. Only where there is something to wait for. */
  onTaken(listener: () => void): void {
    const { socket } = this.#owner;
    if (socket.destroyed) return listener();
    const taken = (): void => {
      socket.removeListener('drain', taken).removeListener('close', taken);
      listener();
    };
    socket.once('drain', taken).once('close', taken);
  }

  /** The answer is complete. As `flush`. */
  end(): boolean {
    if (this.#state !== 'begun') return true;
    this.#state = 'ended';
    if (this.#isChunked) this.#parts.push('0\r\n\r\n');
    const isFree = this.flush();
    this.#finish();
    this.#owner.answered(this.#keepsAlive);
    return isFree;
  }

  /** Breaks the connection off: an answer that was begun can be ended in no other way that tells the client so. */
  destroy(): void {
    this.#owner.socket.destroy();
  }
}

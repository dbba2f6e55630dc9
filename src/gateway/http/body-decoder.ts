// Finds the end of a body in a stream of bytes and gives out what it holds, in slices of what came. Pure but for its own place in the
// stream. Chunks are read strictly (RFC 9112 section 7.1): extensions are ignored, trailers read and thrown away, both bounded.
import { areCleanLines, parseFields } from './fields.ts';

/** Throws BodyError when the bytes are no such body. */
export interface BodyDecoder {
  readonly isDone: boolean;
  /** Gives what belongs to the body to `take`, slice by slice; returns how many bytes of `bytes` were read. */
  read(bytes: Buffer, take: (slice: Buffer) => void): number;
}

export class BodyError extends Error {
  override readonly name = 'BodyError';
}

/** Size and extensions of a chunk. */
const maxSizeLine = 1_024;
const maxTrailerBytes = 16 * 1024;
/** Few enough digits to count exactly. */
const sizeLine = /^([0-9a-fA-F]{1,12})(?:;[\t -~\x80-\xff]*)?$/;

/** Classes: see context.ts. */
class LengthDecoder implements BodyDecoder {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  read(bytes: Buffer, take: (slice: Buffer) => void): number {
    const size = Math.min(this.#left, bytes.length);
    this.#left -= size;
    if (size > 0) take(size === bytes.length ? bytes : bytes.subarray(0, size));
    return size;
  }
}

const untilClose: BodyDecoder = {
  isDone: false,
  read(bytes, take) {
    if (bytes.length > 0) take(bytes);
    return bytes.length;
  },
};

type State = 'size' | 'data' | 'end-of-data' | 'trailers' | 'done';

const longestLine = { size: maxSizeLine, 'end-of-data': 2, trailers: maxTrailerBytes } as const;

class ChunksDecoder implements BodyDecoder {
  #state: State = 'size';
  #left = 0;
  /** Of a line that has not ended yet. */
  #line = '';
  #trailers = '';

  get isDone(): boolean {
    return this.#state === 'done';
  }

  read(bytes: Buffer, take: (slice: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done')
      at = this.#state === 'data' ? this.#takeData(bytes, at, take) : this.#takeLine(bytes, at, this.#state);
    return at;
  }

  #takeData(bytes: Buffer, at: number, take: (slice: Buffer) => void): number {
    const size = Math.min(this.#left, bytes.length - at);
    take(bytes.subarray(at, at + size));
    this.#left -= size;
    if (this.#left === 0) this.#state = 'end-of-data';
    return at + size;
  }

  #takeLine(bytes: Buffer, at: number, state: 'size' | 'end-of-data' | 'trailers'): number {
    const end = bytes.indexOf(10, at);
    const next = end < 0 ? bytes.length : end + 1;
    this.#line += bytes.toString('latin1', at, next);
    const line = this.#line;
    if (line.length > longestLine[state]) throw new BodyError('a line between chunks is too long');
    if (end < 0) return next;
    this.#line = '';
    if (!areCleanLines(line)) throw new BodyError('a control character or half of a line end between chunks');
    const text = line.slice(0, -2);
    if (state === 'size') this.#takeSize(text);
    else if (state === 'trailers') this.#takeTrailer(text);
    else if (text === '') this.#state = 'size';
    else throw new BodyError('a chunk is longer than its size says');
    return next;
  }

  #takeSize(text: string): void {
    const size = sizeLine.exec(text)?.[1];
    if (size === undefined) throw new BodyError('a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
  }

  #takeTrailer(text: string): void {
    if (text !== '') {
      this.#trailers += `${text}\r\n`;
      if (this.#trailers.length > maxTrailerBytes) throw new BodyError('the trailers are too long');
      return;
    }
    const problem = parseFields(this.#trailers, 0);
    if (typeof problem === 'string') throw new BodyError(`in the trailers, ${problem}`);
    this.#state = 'done';
  }
}

/** `length`: bytes; chunked: until its last chunk; until-close: never done, the connection's end is its end. */
export function createBodyDecoder(length: number | 'chunked' | 'until-close'): BodyDecoder {
  if (length === 'until-close') return untilClose;
  return length === 'chunked' ? new ChunksDecoder() : new LengthDecoder(length);
}

// The first bytes of a page on their way to the client, and whether it is the last one of its query. What is compressed is unpacked
// only when somebody wants to know, since that costs more than all the rest of a request. Knows no queries.
import { constants, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { namesNextPage, pageHeadBytes } from '#trino/protocol/page-head.ts';

/** Packed, this much holds the addresses of a page; of a page that is shorter, all of it. */
const packedBytes = 1_024;
/** Most pages tell in so many. */
const usualBytes = 512;
const maxOutputLength = 1024 * 1024;

const unpackers: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength }),
  deflate: (bytes) => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength }),
  // A frame is readable block by block: of a long page this yields nothing.
  zstd: (bytes) => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush, maxOutputLength }),
};

export class PageStart {
  readonly #coding: string | undefined;
  #bytes: Buffer | undefined;
  #hasNext: boolean | undefined;
  #isComplete = false;

  /** `coding`: Content-Encoding. */
  constructor(coding: string | undefined) {
    this.#coding = coding === 'identity' ? undefined : coding;
  }

  get isPacked(): boolean {
    return this.#coding !== undefined;
  }

  /** The next bytes of the page; false when no more are needed. Keeps a copy only while they do not suffice, or are packed. */
  take(slice: Buffer): boolean {
    if (this.#isComplete) return false;
    const enough = this.#coding === undefined ? pageHeadBytes : packedBytes;
    const bytes = this.#bytes === undefined ? slice : Buffer.concat([this.#bytes, slice.subarray(0, enough)]);
    if (this.#coding === undefined)
      this.#hasNext = namesNextPage(bytes.toString('latin1', 0, usualBytes)) ?? namesNextPage(bytes.toString('latin1', 0, enough));
    this.#isComplete = this.#hasNext !== undefined || bytes.length >= enough;
    const isNeeded = this.#coding !== undefined || !this.#isComplete;
    this.#bytes = isNeeded ? Buffer.from(bytes.subarray(0, enough)) : undefined;
    return !this.#isComplete;
  }

  /** Undefined when it cannot be told. */
  hasNext(): boolean | undefined {
    const bytes = this.#bytes;
    if (this.#coding === undefined || bytes === undefined) return this.#hasNext;
    this.#bytes = undefined;
    try {
      this.#hasNext = namesNextPage(unpackers[this.#coding]?.(bytes).toString('latin1', 0, pageHeadBytes) ?? '');
    } catch {
      // Broken, or cut where nothing can be read of it yet: then it is not known.
      this.#hasNext = undefined;
    }
    return this.#hasNext;
  }
}

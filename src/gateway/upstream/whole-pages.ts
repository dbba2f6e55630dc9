// Pages that are kept until their end has come, and are written at once: for clients that ask again only for what never began. What the
// kernel has taken reaches the client also when this process is killed then. Bounded per page, in all and in time: what is beyond is
// streamed as it comes (decision 0032).
import type { Clock } from '#core/clock.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import { giveBack, spareBytes, takeSpare } from './spare-buffers.ts';

/** Trino's pages have a megabyte of values by default; packed, and most are, a quarter of that. */
const maxPageBytes = 2 * 1024 * 1024;
const maxBlocks = (64 * 1024 * 1024) / spareBytes;
/** Far below the 30 s in which its client wants a first byte. */
const maxHeldMs = 5_000;

/** How many blocks all pages have. */
export interface WholePages {
  blocks: number;
}

export class WholePage {
  readonly #all: WholePages;
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #blocks: Buffer[] = [];
  readonly #slices: Buffer[] = [];
  #size = 0;

  constructor(all: WholePages, clock: Clock) {
    this.#all = all;
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  /** Of what has been read just now; `keep` or `addTo` comes before the next read. */
  add(slice: Buffer): void {
    this.#slices.push(slice);
  }

  /** Copies what has been added, while more of the page may be waited for; else false. */
  keep(): boolean {
    if (this.#size >= maxPageBytes || this.#all.blocks >= maxBlocks || this.#clock.now() - this.#beganAt >= maxHeldMs) return false;
    for (const slice of this.#slices) this.#copy(slice);
    this.#slices.length = 0;
    return true;
  }

  #copy(slice: Buffer): void {
    let from = 0;
    while (from < slice.length) {
      const at = this.#size % spareBytes;
      const block = at === 0 ? this.#addBlock() : (this.#blocks.at(-1) as Buffer);
      const copied = slice.copy(block, at, from);
      from += copied;
      this.#size += copied;
    }
  }

  #addBlock(): Buffer {
    const block = takeSpare();
    this.#blocks.push(block);
    this.#all.blocks += 1;
    return block;
  }

  /** All of it, the last slices as they are. */
  addTo(exchange: Pick<ClientExchange, 'add'>): void {
    let left = this.#size;
    for (const block of this.#blocks) {
      exchange.add(block.subarray(0, Math.min(left, spareBytes)));
      left -= spareBytes;
    }
    for (const slice of this.#slices) exchange.add(slice);
  }

  /** `isFree`: nobody needs what has been copied any more. */
  close(isFree: boolean): void {
    this.#all.blocks -= this.#blocks.length;
    if (isFree) for (const block of this.#blocks) giveBack(block);
    this.#blocks.length = 0;
  }
}

// The header lines of a head, read, and kept for whoever sends the same ones again: clients repeat them byte by byte, connections of one
// user or one tool do too, and thousands who wait need not hold a copy each. Knows nothing of the line before them.
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { areCleanLines, copyOf, parseFields, readFraming, type Framing } from './fields.ts';

/** What follows the first line, read. */
export interface HeaderLines {
  readonly text: string;
  readonly headers: HeaderPairs;
  readonly framing: Framing;
}

/** Characters of lines that are kept to compare the next ones with; longer ones are read each time. */
export const maxKeptLines = 4 * 1024;
/** Kept in two generations of so many, of which the older one goes as a whole. */
const maxOfGeneration = 256;

export class KnownLines {
  #young = new Map<string, HeaderLines>();
  #old = new Map<string, HeaderLines>();

  /** Or what is wrong with it. `text`: up to and including the empty line; a part of a longer one is not kept in memory by it. */
  read(text: string): HeaderLines | string {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const lines = this.#old.get(text) ?? readLines(text.length > maxKeptLines ? text : copyOf(text));
    if (typeof lines !== 'string' && text.length <= maxKeptLines) this.#keep(lines);
    return lines;
  }

  #keep(lines: HeaderLines): void {
    if (this.#young.size >= maxOfGeneration) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(lines.text, lines);
  }
}

function readLines(text: string): HeaderLines | string {
  if (!areCleanLines(text)) return 'a control character or half of a line end';
  const headers = parseFields(text.slice(0, -2), 0);
  return typeof headers === 'string' ? headers : { text, headers, framing: readFraming(headers) };
}

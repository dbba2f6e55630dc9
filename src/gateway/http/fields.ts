// The lines of an HTTP/1.1 head, read strictly: what two readers could read differently is refused, never mended. Pure.
// Source: RFC 9112 sections 2.2, 3 and 5; RFC 9110 section 5.
import type { HeaderPairs } from '#trino/protocol/headers.ts';

/** Bytes of a head, its empty line included: prepared statements travel in headers, and Trino can be set to take as much. */
export const maxHeadBytes = 1024 * 1024;
/** Sessions and prepared statements are a line each; Node's own limit, beyond which it drops lines silently. */
export const maxFields = 2_000;

/** Lines of visible characters, blanks, tabs and bytes above ASCII, each ended by CRLF: a lone CR, LF or NUL would make one line two, or none. */
const cleanLines = /^(?:[\t -~\x80-\xff]*\r\n)+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names that have been found to be tokens; few in practice, so that most are not looked at twice. */
const knownNames = new Map<string, string>();
const maxKnownNames = 1_000;
/** Whoever remembers a part of a head keeps all of it in memory: parts of one that is longer than this are copies. */
const sharedUpTo = 16 * 1024;

/** Holds on to nothing but itself. */
export function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

export function partOf(head: string, part: string): string {
  return head.length <= sharedUpTo ? part : copyOf(part);
}

/** Undefined when it is no token. */
function tokenOf(name: string): string | undefined {
  const known = knownNames.get(name);
  if (known !== undefined || !token.test(name)) return known;
  const copy = copyOf(name);
  if (knownNames.size < maxKnownNames && name.length < 64) knownNames.set(copy, copy);
  return copy;
}

/** Whether what looks like whole lines is nothing else. */
export function areCleanLines(text: string): boolean {
  return cleanLines.test(text);
}

/** In what has come of a head, from the byte before `from`: who ends lines so never sends the end of a head as we know it. */
export function hasHalfLineEnd(head: Buffer, from = 0): boolean {
  const text = head.toString('latin1', Math.max(0, from - 1));
  return /[^\r]\n/.test(text) || (from === 0 && text.startsWith('\n'));
}

/** Blanks and tabs alone: `trim` would take a byte 0xa0 too. */
function withoutBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && (text.charCodeAt(from) === 32 || text.charCodeAt(from) === 9)) from += 1;
  while (to > from && (text.charCodeAt(to - 1) === 32 || text.charCodeAt(to - 1) === 9)) to -= 1;
  return text.slice(from, to);
}

/**
 * Name and value of every line between `start` and the end of `head`, which are clean lines. Or what is wrong with it.
 */
export function parseFields(head: string, start: number): HeaderPairs | string {
  const pairs: (readonly [string, string])[] = [];
  for (let at = start; at < head.length;) {
    const end = head.indexOf('\r\n', at);
    const colon = head.indexOf(':', at);
    if (colon < 0 || colon > end) return 'a header line has no colon';
    // Undefined also for a folded line, which begins with a blank, and a blank before the colon.
    const name = tokenOf(head.slice(at, colon));
    if (name === undefined) return 'a header name has a character that it may not have';
    if (pairs.length === maxFields) return `there are more than ${maxFields} header lines`;
    pairs.push([name, partOf(head, withoutBlanks(head, colon + 1, end))]);
    at = end + 2;
  }
  return pairs;
}

/** What the lines say about the length of the body and the connection. */
export interface Framing {
  readonly lengths: readonly string[];
  readonly codings: readonly string[];
  readonly hosts: readonly string[];
  readonly expectations: readonly string[];
  /** Lower case options of all Connection lines. */
  readonly connection: readonly string[];
}

const none: readonly string[] = Object.freeze([]);

export function readFraming(pairs: HeaderPairs): Framing {
  let lengths = none;
  let codings = none;
  let hosts = none;
  let expectations = none;
  let connection = none;
  for (const [name, value] of pairs) {
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') hosts = [...hosts, value];
        break;
      case 6:
        if (name.toLowerCase() === 'expect') expectations = [...expectations, value.toLowerCase()];
        break;
      case 10:
        if (name.toLowerCase() === 'connection')
          connection = [
            ...connection,
            ...value
              .toLowerCase()
              .split(',')
              .map((option) => option.trim()),
          ];
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') lengths = [...lengths, value];
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') codings = [...codings, value.toLowerCase()];
        break;
    }
  }
  return { lengths, codings, hosts, expectations, connection };
}

/** Digits alone, and few enough to count exactly: no sign, no blank, no list. */
export function parseLength(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

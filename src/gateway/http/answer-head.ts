// The head of a coordinator's answer, and how long its body is. Pure. Coordinators are trusted with their own queries only: an answer
// whose end is not certain would let one query's bytes become part of another's (RFC 9112 sections 4 and 6.3).
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { areCleanLines, parseFields, parseLength, readFraming, type Framing } from './fields.ts';

/** Bytes, 0 for none; chunked: until its last chunk; until-close: until the connection ends. */
export type AnswerBody = number | 'chunked' | 'until-close';

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderPairs;
  readonly body: AnswerBody;
  /** As declared, also where none follows, as to HEAD. */
  readonly declaredLength: number | undefined;
  readonly keepsAlive: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t -~\x80-\xff]*))?$/;

interface Problem {
  readonly problem: string;
}

function bodyOf({ lengths, codings }: Framing, hasNone: boolean, isHttp10: boolean): AnswerBody | Problem {
  if (codings.length > 0 && lengths.length > 0) return { problem: 'both Transfer-Encoding and Content-Length' };
  if (codings.length > 1 || (codings.length === 1 && (codings[0] !== 'chunked' || isHttp10)))
    return { problem: 'a transfer coding other than chunked' };
  if (lengths.length > 1) return { problem: 'more than one Content-Length' };
  const length = lengths.length === 0 ? undefined : parseLength(lengths[0] as string);
  if (lengths.length > 0 && length === undefined) return { problem: 'a Content-Length that is no number of bytes' };
  if (hasNone) return 0;
  return codings.length > 0 ? 'chunked' : (length ?? 'until-close');
}

/** `head` is everything up to and including the empty line; `toHead`: the answer to a HEAD. Or what is wrong with it. */
export function parseAnswerHead(head: string, toHead: boolean): AnswerHead | string {
  if (!areCleanLines(head)) return 'a control character or half of a line end';
  const lineEnd = head.indexOf('\r\n');
  const [, minor, code, reason = ''] = statusLine.exec(head.slice(0, lineEnd)) ?? [];
  if (code === undefined) return 'the first line is no HTTP/1.1 status line';
  const headers = parseFields(head.slice(0, -2), lineEnd + 2);
  if (typeof headers === 'string') return headers;
  const status = Number(code);
  const framing = readFraming(headers);
  const isHttp10 = minor === '0';
  const body = bodyOf(framing, toHead || status < 200 || status === 204 || status === 304, isHttp10);
  if (typeof body === 'object') return body.problem;
  const { connection, lengths } = framing;
  const keepsAlive = body !== 'until-close' && !connection.includes('close') && (!isHttp10 || connection.includes('keep-alive'));
  const declaredLength = status === 204 || lengths.length === 0 ? undefined : Number(lengths[0]);
  return { status, reason, headers, body, declaredLength, keepsAlive };
}

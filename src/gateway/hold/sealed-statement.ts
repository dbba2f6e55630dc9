// What a held statement's address carries when it is sealed: all that another replica needs to go on with it, and no credential.
// Credentials come with every poll (all known clients send them on each request) and never travel in a URI, not even sealed:
// addresses are kept in logs, and cannot be forgotten at the hand-over (docs/decisions/0011). Pure.
import type { EpochMs } from '#core/clock.ts';
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import type { Identity } from '../admit/identity.ts';
import type { Subject } from './subject.ts';

export interface SealedStatement {
  readonly runtime: string;
  readonly subject: Subject;
  readonly arrivedAt: EpochMs;
  readonly patienceMs: number;
  readonly headers: HeaderPairs;
  readonly body: Buffer;
}

/** Headers that belong to the statement; all others belong to the request that carries them, and a poll brings its own. */
const ofStatement = /^(?:x-(?:trino|presto)-.*|content-(?:type|encoding|language)|user-agent)$/;
/** Sent with the POST only, so that no poll could bring it again. */
const credential = /^x-(?:trino|presto)-extra-credential$/;

/** What of a POST's headers is sealed; undefined when among them is a credential that no later request brings again. */
export function sealableHeaders(headers: HeaderPairs): HeaderPairs | undefined {
  if (headers.some(([name]) => credential.test(name.toLowerCase()))) return undefined;
  return headers.filter(([name]) => ofStatement.test(name.toLowerCase()));
}

/** The headers to submit with: the statement's as they were sealed, the rest as a poll brought them. */
export function joinHeaders(sealed: HeaderPairs, poll: HeaderPairs): HeaderPairs {
  return [...sealed, ...poll.filter(([name]) => !ofStatement.test(name.toLowerCase()))];
}

interface Meta {
  readonly r: string;
  readonly u: string;
  readonly p?: string;
  readonly i?: Identity;
  readonly a: EpochMs;
  readonly w: number;
  readonly h: HeaderPairs;
}

/** Four bytes with the length of the JSON part, the JSON, the statement's bytes as they are. */
function frame(meta: Meta, body: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(meta));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, body]);
}

export function encodeStatement({ runtime, subject, arrivedAt, patienceMs, headers, body }: SealedStatement): Buffer {
  const principal = subject.principal === undefined ? {} : { p: subject.principal };
  const identity = subject.identity === undefined ? {} : { i: subject.identity };
  return frame({ r: runtime, u: subject.user, ...principal, ...identity, a: arrivedAt, w: patienceMs, h: headers }, body);
}

/** `bytes` were sealed by a gateway: another release may have made them, but nobody else. Undefined for a form not known here. */
export function decode(bytes: Buffer): SealedStatement | undefined {
  const end = 4 + bytes.readUInt32BE();
  const meta = JSON.parse(bytes.toString('utf8', 4, end)) as Partial<Meta>;
  const { a: arrivedAt, r: runtime, u: user = '', p: principal, i: identity, w: patienceMs, h: headers } = meta;
  if (arrivedAt === undefined || runtime === undefined || patienceMs === undefined || headers === undefined) return undefined;
  const subject = { user, ...(principal === undefined ? {} : { principal }), ...(identity === undefined ? {} : { identity }) };
  return { runtime, subject, arrivedAt, patienceMs, headers, body: bytes.subarray(end) };
}

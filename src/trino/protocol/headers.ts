// Header names of Trino's protocol and which ones never travel on. Pure. Source: trino-protocol section 2.
import { readTransaction, toClient, toCoordinator, type Transaction } from './transaction-id.ts';

export type HeaderPairs = readonly (readonly [string, string])[];

/** The two families: a request uses one of them throughout. */
export type HeaderFamily = 'trino' | 'presto';

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
const forwarding = new Set(['forwarded', 'via', 'x-real-ip']);
const internal = new Set(['x-trino-internal-bearer', 'x-presto-internal-bearer']);

/** `name` in lower case. */
export function headerOf(pairs: HeaderPairs, name: string): string | undefined {
  // Asked a dozen times per request: most names differ in their length already.
  // And no pair is taken apart before it is the one: that makes an iterator each time.
  for (const pair of pairs) if (pair[0].length === name.length && pair[0].toLowerCase() === name) return pair[1];
  return undefined;
}

/** The open transaction that a request belongs to. */
export function transactionOf(pairs: HeaderPairs): Transaction | undefined {
  return readTransaction(headerOf(pairs, 'x-trino-transaction-id') ?? headerOf(pairs, 'x-presto-transaction-id') ?? '');
}

/** Undefined when a request mixes both families: Trino answers 400 then. */
export function familyOf(pairs: HeaderPairs): HeaderFamily | undefined {
  const hasTrino = pairs.some((pair) => isOfTrino(pair[0]));
  const hasPresto = pairs.some((pair) => isOfPresto(pair[0]));
  if (hasTrino && hasPresto) return undefined;
  return hasPresto ? 'presto' : 'trino';
}

export interface ForwardedFor {
  readonly protocol: 'http' | 'https';
  /** As the client wrote it, port included. */
  readonly host: string;
  readonly clientAddress: string;
  /** In front of every path of ours that the coordinator is to name; empty for none. */
  readonly prefix: string;
}

/** By the name as it is written; few in practice, so that most are not looked at twice. */
function remembered(isSo: (lower: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    let is = known.get(name);
    if (is === undefined) {
      is = isSo(name.toLowerCase());
      if (known.size < maxRemembered && name.length < 64) known.set(name, is);
    }
    return is;
  };
}

const maxRemembered = 1_000;

/** The length of a body is said anew by who sends it on. */
const isForThisHop = (lower: string): boolean => hopByHop.has(lower) || lower === 'content-length';
const staysHere = remembered(isForThisHop);
const staysBeforeCoordinator = remembered(
  (lower) =>
    isForThisHop(lower) ||
    forwarding.has(lower) ||
    internal.has(lower) ||
    lower.startsWith('x-forwarded-') ||
    lower === 'x-trino-xtrinode' ||
    lower === 'x-xtrinode-explain' ||
    lower === 'host',
);

const isOfTrino = remembered((lower) => lower.startsWith('x-trino-') && lower !== 'x-trino-xtrinode');
const isOfPresto = remembered((lower) => lower.startsWith('x-presto-'));
const namesTransaction = remembered((lower) => lower === 'x-trino-transaction-id' || lower === 'x-presto-transaction-id');
const startsTransaction = remembered((lower) => lower === 'x-trino-started-transaction-id' || lower === 'x-presto-started-transaction-id');
const isConnection = remembered((lower) => lower === 'connection');
const nothing: ReadonlySet<string> = new Set<string>();

function namedByConnection(pairs: HeaderPairs): ReadonlySet<string> {
  let said = '';
  for (const [name, value] of pairs) if (isConnection(name) && value !== 'keep-alive') said += `,${value}`;
  if (said === '') return nothing;
  const names = said.slice(1).toLowerCase().split(',');
  // Only what a client may drop: else it could strip the identity that security relies on (spec/stack.md section 12).
  return new Set(
    names
      .map((name) => name.trim())
      .filter(
        (name) => !name.startsWith('x-') && name !== 'authorization' && name !== 'cookie' && name !== 'host' && name !== 'content-length',
      ),
  );
}

/** Headers for the coordinator: the client's own, line by line, without hop-by-hop and forwarding ones, plus ours. */
export function upstreamHeaders(pairs: HeaderPairs, forwarded: ForwardedFor): string[] {
  const dropped = namedByConnection(pairs);
  const out: string[] = [];
  for (const [name, value] of pairs) {
    if (staysBeforeCoordinator(name) || (dropped.size > 0 && dropped.has(name.toLowerCase()))) continue;
    out.push(name, namesTransaction(name) ? toCoordinator(value) : value);
  }
  const port = /:(\d+)$/.exec(forwarded.host)?.[1] ?? (forwarded.protocol === 'https' ? '443' : '80');
  out.push(
    'X-Forwarded-Proto',
    forwarded.protocol,
    'X-Forwarded-Host',
    forwarded.host,
    'X-Forwarded-Port',
    port,
    'X-Forwarded-For',
    forwarded.clientAddress,
  );
  if (forwarded.prefix !== '') out.push('X-Forwarded-Prefix', forwarded.prefix);
  return out;
}

/** As they stand in a head. `lines`: alternating names and values. */
export function formatLines(lines: readonly string[]): string {
  let text = '';
  for (let index = 0; index < lines.length; index += 2) text += `${lines[index] as string}: ${lines[index + 1] as string}\r\n`;
  return text;
}

/**
 * Headers for the client: the coordinator's, line by line, without hop-by-hop ones. `coordinatorId`: whose answer it is, where it
 * is about a query.
 */
export function downstreamHeaders(pairs: HeaderPairs, coordinatorId?: string): string[] {
  const dropped = namedByConnection(pairs);
  const out: string[] = [];
  for (const [name, value] of pairs) {
    if (staysHere(name) || (dropped.size > 0 && dropped.has(name.toLowerCase()))) continue;
    out.push(name, coordinatorId !== undefined && startsTransaction(name) ? toClient(value, coordinatorId) : value);
  }
  return out;
}

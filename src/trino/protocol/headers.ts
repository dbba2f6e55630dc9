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
const transactionHeaders = new Set(['x-trino-transaction-id', 'x-presto-transaction-id']);
const startsTransaction = new Set(['x-trino-started-transaction-id', 'x-presto-started-transaction-id']);
const internal = new Set(['x-trino-internal-bearer', 'x-presto-internal-bearer']);

/** Pairs as they came, in order, with duplicates. `raw` alternates names and values (node:http rawHeaders). */
export function pairsOf(raw: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] as string, raw[index + 1] as string]);
  return pairs;
}

export function headerOf(pairs: HeaderPairs, name: string): string | undefined {
  return pairs.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The open transaction that a request belongs to. */
export function transactionOf(pairs: HeaderPairs): Transaction | undefined {
  return readTransaction(headerOf(pairs, 'x-trino-transaction-id') ?? headerOf(pairs, 'x-presto-transaction-id') ?? '');
}

/** Undefined when a request mixes both families: Trino answers 400 then. */
export function familyOf(pairs: HeaderPairs): HeaderFamily | undefined {
  const hasTrino = pairs.some(([name]) => name.toLowerCase().startsWith('x-trino-') && name.toLowerCase() !== 'x-trino-xtrinode');
  const hasPresto = pairs.some(([name]) => name.toLowerCase().startsWith('x-presto-'));
  if (hasTrino && hasPresto) return undefined;
  return hasPresto ? 'presto' : 'trino';
}

export interface ForwardedFor {
  readonly protocol: 'http' | 'https';
  /** As the client wrote it, port included. */
  readonly host: string;
  readonly clientAddress: string;
}

function namedByConnection(pairs: HeaderPairs): Set<string> {
  const names = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(','));
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
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || forwarding.has(lower) || internal.has(lower) || dropped.has(lower)) continue;
    if (lower.startsWith('x-forwarded-') || lower === 'x-trino-xtrinode' || lower === 'content-length' || lower === 'host') continue;
    out.push(name, transactionHeaders.has(lower) ? toCoordinator(value) : value);
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
  return out;
}

/**
 * Headers for the client: the coordinator's, line by line, without hop-by-hop ones. `coordinatorId`: whose answer it is, where it
 * is about a query.
 */
export function downstreamHeaders(raw: readonly string[], coordinatorId?: string): string[] {
  return pairsOf(raw).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower)) return [];
    return [name, coordinatorId !== undefined && startsTransaction.has(lower) ? toClient(value, coordinatorId) : value];
  });
}

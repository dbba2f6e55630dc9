// From where a client comes and how it knows the gateway: by its connection, or by what a trusted proxy in front says about it. What
// anybody else says is not read. `Forwarded` and the PROXY protocol are not read either (decision 0028).
import { BlockList } from 'node:net';
import { familyOfAddress, type Network } from '#core/network.ts';
import { headerOf, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import type { ClientExchange } from './http/client-exchange.ts';
import { isHost } from './http/request-head.ts';

export type SeenFrom = Omit<ForwardedFor, 'prefix'>;

/** What of an exchange it is judged by. */
export type Arrival = Pick<ClientExchange, 'clientAddress' | 'isTls'> & { readonly head: { readonly headers: HeaderPairs } };

function ofConnection({ clientAddress, isTls, head }: Arrival): SeenFrom {
  return { protocol: isTls ? 'https' : 'http', host: headerOf(head.headers, 'host') ?? 'localhost', clientAddress };
}

/** An IPv4 address that came by an IPv6 socket is one and the same. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** All values of all lines of that name, in their order. */
function valuesOf(headers: HeaderPairs, name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).flatMap(([, value]) => value.split(',').map((part) => part.trim()));
}

/** An entry of X-Forwarded-For: some proxies write the port too. */
function addressOf(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  const address = plain(bare);
  return familyOfAddress(address) === undefined ? undefined : address;
}

export type FindSeenFrom = (arrival: Arrival) => SeenFrom;

/** Without networks everybody is taken by the connection. */
export function createSeenFrom(trusted: readonly Network[] = []): FindSeenFrom {
  if (trusted.length === 0) return ofConnection;
  const list = new BlockList();
  for (const { address, prefixLength, family } of trusted) list.addSubnet(address, prefixLength, family);

  function isTrusted(address: string): boolean {
    const family = familyOfAddress(address);
    return family !== undefined && list.check(address, family);
  }

  /** The last hop that no trusted one speaks for; each proxy has put at the end who came to it. */
  function clientOf(headers: HeaderPairs, peer: string): string {
    let client = peer;
    for (const entry of valuesOf(headers, 'x-forwarded-for').toReversed()) {
      const address = addressOf(entry);
      if (!isTrusted(client) || address === undefined) return client;
      client = address;
    }
    return client;
  }

  return (arrival) => {
    const own = ofConnection(arrival);
    const peer = plain(own.clientAddress);
    if (!isTrusted(peer)) return own;
    const { headers } = arrival.head;
    const last = (name: string): string => valuesOf(headers, name).at(-1) ?? '';
    const said = last('x-forwarded-proto').toLowerCase();
    const protocol = said === 'https' || said === 'http' ? said : own.protocol;
    const host = isHost(last('x-forwarded-host')) ? last('x-forwarded-host') : own.host;
    const port = last('x-forwarded-port');
    const isNamed = /^\d{1,5}$/.test(port) && !/:\d+$/.test(host) && port !== (protocol === 'https' ? '443' : '80');
    return { protocol, host: isNamed ? `${host}:${port}` : host, clientAddress: clientOf(headers, peer) };
  };
}

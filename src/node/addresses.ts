// Loopback addresses of Pods: a block of 127.x.y.0/24 for each process node, so that every Pod can have port 8080. A block is
// claimed by a listening socket, which the kernel takes back whatever happens to this process. Linux answers on all of 127/8.
import { createServer, type Server } from 'node:net';
import { sha256Hex } from '#core/hash.ts';
import { SetupError } from './setup-error.ts';

export interface AddressPool {
  /** An address none of whose `ports` is taken on this machine; undefined when there is none. */
  take(ports: readonly number[]): Promise<string | undefined>;
  giveBack(address: string): void;
  close(): Promise<void>;
}

export interface AddressPoolInit {
  /** Blocks are searched from a place that follows from this, so that a node tends to get the same one. */
  readonly seed: string;
  /** A /24 to use instead, e.g. `127.20.30.0/24`. */
  readonly range?: string;
}

/** Port of the claim on `<block>.1`; no Pod gets that address. */
const CLAIM_PORT = 8079;
const FIRST_HOST = 2;
const LAST_HOST = 254;
/** 127.0.*.* is where other programs listen. */
const FIRST_SECOND_OCTET = 16;
const SECOND_OCTETS = 200;
const BLOCKS_TRIED = 64;

/** Throws SetupError when no block can be had or `range` is not one. */
export async function createAddressPool(init: AddressPoolInit): Promise<AddressPool> {
  const { prefix, claim } = await claimBlock(init);
  const used = new Set<string>();
  let cursor = FIRST_HOST;

  return {
    async take(ports) {
      for (let tried = FIRST_HOST; tried <= LAST_HOST; tried++) {
        const address = `${prefix}.${cursor}`;
        // going round, so that an address just given back rests for as long as possible
        cursor = cursor === LAST_HOST ? FIRST_HOST : cursor + 1;
        if (used.has(address)) continue;
        used.add(address);
        if (await areFree(address, ports)) return address;
        used.delete(address);
      }
      return undefined;
    },
    giveBack: (address) => void used.delete(address),
    close: () => new Promise((resolve) => claim.close(() => resolve())),
  };
}

/** Block number `index` of a seed, e.g. `127.93.7`. Pure. */
export function blockOf(seed: string, index: number): string {
  const number = (Number.parseInt(sha256Hex(seed, 8), 16) + index) % (SECOND_OCTETS * 256);
  return `127.${FIRST_SECOND_OCTET + Math.floor(number / 256)}.${number % 256}`;
}

async function claimBlock(init: AddressPoolInit): Promise<{ readonly prefix: string; readonly claim: Server }> {
  const prefixes =
    init.range === undefined ? Array.from({ length: BLOCKS_TRIED }, (_, index) => blockOf(init.seed, index)) : [parseRange(init.range)];
  for (const prefix of prefixes) {
    const claim = await listenOn(`${prefix}.1`, CLAIM_PORT);
    if (claim !== undefined) return { prefix, claim };
  }
  throw new SetupError({
    what: 'No addresses for Pods can be had',
    why: `port ${CLAIM_PORT} is taken on ${prefixes[0]}.1${prefixes.length > 1 ? ` and ${prefixes.length - 1} further blocks` : ''}; something may listen on all addresses.`,
    mend: `Look with \`ss -ltnp 'sport = :${CLAIM_PORT}'\`, and end it or let it listen on one address only.`,
  });
}

function parseRange(range: string): string {
  const match = /^(127\.\d{1,3}\.\d{1,3})\.0\/24$/.exec(range);
  const prefix = match?.[1];
  if (prefix !== undefined && prefix !== '127.0.0' && prefix.split('.').every((octet) => Number(octet) < 256)) return prefix;
  throw new SetupError({
    what: `${range} is not a range of Pod addresses`,
    why: 'it has to be a /24 of loopback addresses other than 127.0.0.0/24.',
    mend: 'Give one like 127.20.30.0/24, or none.',
  });
}

async function areFree(address: string, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const server = await listenOn(address, port);
    if (server === undefined) return false;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return true;
}

function listenOn(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

// The header lines of a request to a coordinator, made once for requests of a client that ask the same, one after the other: clients
// repeat their lines byte by byte, page after page, and what is read of them is then the same object (http/header-lines.ts).
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { formatLines, upstreamHeaders, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import { addressedTo } from './routing/request-route.ts';
import type { RouteTable } from './routing/route-table.ts';

/** What of a request they depend on. Equal headers have equal hosts, but may have come from two clients. */
export interface LinesRequest {
  readonly headers: HeaderPairs;
  readonly forwarded: ForwardedFor;
}

interface Made {
  readonly table: RouteTable;
  readonly entry: RouteEntry;
  readonly forwarded: ForwardedFor;
  readonly isPage: boolean;
  readonly lines: string;
}

/** `isPage`: its addresses are to say whose they are. */
export type UpstreamLines = (request: LinesRequest, entry: RouteEntry, isPage: boolean) => string;

function isSame(one: ForwardedFor, other: ForwardedFor): boolean {
  return (
    one.clientAddress === other.clientAddress && one.prefix === other.prefix && one.protocol === other.protocol && one.host === other.host
  );
}

export function createUpstreamLines(table: () => RouteTable): UpstreamLines {
  const lastMade = new WeakMap<HeaderPairs, Made>();
  return ({ headers, forwarded }, entry, isPage) => {
    const routes = table();
    const last = lastMade.get(headers);
    if (last?.table === routes && last.entry === entry && last.isPage === isPage && isSame(last.forwarded, forwarded)) return last.lines;
    const lines = formatLines(upstreamHeaders(headers, isPage ? addressedTo(routes, forwarded, entry) : forwarded));
    lastMade.set(headers, { table: routes, entry, forwarded, isPage, lines });
    return lines;
  };
}

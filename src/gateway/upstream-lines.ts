// The header lines of a request to a coordinator, made once for all requests of a connection that ask the same: clients repeat their
// lines byte by byte, page after page, and what is read of them is then the same object (http/client-connection.ts).
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { formatLines, upstreamHeaders, type ForwardedFor, type HeaderPairs } from '#trino/protocol/headers.ts';
import { addressedTo } from './routing/request-route.ts';
import type { RouteTable } from './routing/route-table.ts';

/** What of a request they depend on. Equal headers came by one connection, and with them everything of `forwarded` but its prefix. */
export interface LinesRequest {
  readonly headers: HeaderPairs;
  readonly forwarded: ForwardedFor;
}

interface Made {
  readonly table: RouteTable;
  readonly entry: RouteEntry;
  readonly prefix: string;
  readonly isPage: boolean;
  readonly lines: string;
}

/** `isPage`: its addresses are to say whose they are. */
export type UpstreamLines = (request: LinesRequest, entry: RouteEntry, isPage: boolean) => string;

export function createUpstreamLines(table: () => RouteTable): UpstreamLines {
  const lastMade = new WeakMap<HeaderPairs, Made>();
  return ({ headers, forwarded }, entry, isPage) => {
    const { prefix } = forwarded;
    const routes = table();
    const last = lastMade.get(headers);
    if (last !== undefined && last.table === routes && last.entry === entry && last.prefix === prefix && last.isPage === isPage)
      return last.lines;
    const lines = formatLines(upstreamHeaders(headers, isPage ? addressedTo(routes, forwarded, entry) : forwarded));
    lastMade.set(headers, { table: routes, entry, prefix, isPage, lines });
    return lines;
  };
}

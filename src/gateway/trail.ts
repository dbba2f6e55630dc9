// Whether who follows a query or a statement page by page does so at this gateway alone, as far as the numbers of the pages tell: behind a
// balancer of single requests, or without kept connections, a client asks here and there in turn. Plain bookkeeping.

export interface Trail {
  /** Number of the page that is asked for next, if the client stays; undefined where another gateway has given it out. */
  next: number | undefined;
  /** Asked for here one after the other. */
  pagesHere: number;
  /** It has been somewhere else, and not settled here since. */
  wanders: boolean;
}

/** After so many in a row it is thought to stay, however long it pauses. */
const settledPages = 8;
/** Of whom nothing is known yet: most clients ask for the next page at once. */
const freshMs = 5_000;

/** `first`: number of its first page; undefined when another gateway has given that out. */
export function beginTrail(first: number | undefined): Trail {
  return { next: first, pagesHere: 0, wanders: first === undefined };
}

/** `page` is asked for: the last one again, the next one, or the first one of the results. Any other gap was filled somewhere else. */
export function follow(trail: Trail, page: number): void {
  const { next, pagesHere, wanders } = trail;
  const isNext = next === undefined || page === next || (pagesHere > 0 && (page === next - 1 || page === 0));
  trail.pagesHere = isNext ? Math.min(settledPages, pagesHere + 1) : 0;
  trail.wanders = !isNext || (wanders && trail.pagesHere < settledPages);
  trail.next = page + 1;
}

/** Whether it is thought to come back here when it has not asked for `silentMs`: else it would count at several gateways at a time. */
export function comesBack({ wanders, pagesHere }: Trail, silentMs: number): boolean {
  return pagesHere >= settledPages || (!wanders && silentMs < freshMs);
}

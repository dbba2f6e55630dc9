// What is found out about a request on its way, for those who write about it when it is finished. Plain data: handlers fill in what
// they come to know, and nobody decides by it.
import type { RequestKind } from '../classify.ts';

/** Whose query, or what of the request, led to a runtime. */
export type Rule = 'host name' | 'header' | 'default' | 'query' | 'transaction' | 'held statement';

/** A class: see context.ts. */
export class Notes {
  kind: RequestKind['kind'] = 'unknown';
  /** `namespace/name`. */
  runtime: string | undefined = undefined;
  rule: Rule | undefined = undefined;
  queryId: string | undefined = undefined;
}

// What is found out about a request on its way, for those who write about it when it is finished. Plain data: handlers fill in what
// they come to know, and nobody decides by it.
import type { EpochMs } from '#core/clock.ts';
import type { RequestKind } from '../classify.ts';
import type { RequestRoute } from '../routing/request-route.ts';

/** What of the request led to a runtime; 'query': what it asks for is there; 'group': another member has taken it over. */
export type Rule = RequestRoute['by'] | 'query' | 'transaction' | 'group';

/** A class: see context.ts. */
export class Notes {
  kind: RequestKind['kind'] = 'unknown';
  beganAt: EpochMs = 0;
  /** `namespace/name`. */
  runtime: string | undefined = undefined;
  rule: Rule | undefined = undefined;
  queryId: string | undefined = undefined;
  /** Who came in, once it is proven. */
  user: string | undefined = undefined;

  found(runtime: string, rule: Rule): void {
    this.runtime = runtime;
    this.rule = rule;
  }
}

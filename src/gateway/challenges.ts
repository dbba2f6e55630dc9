// What a coordinator itself says to who comes without user and credentials: its challenge, such as the addresses of an OAuth2 login, which
// only it can make. Nobody is woken for it: a runtime that sleeps cannot be asked. Shell.
import { addressedTo, findRequestRoute } from './routing/request-route.ts';
import type { RequestContext } from './context.ts';
import { submitStatement } from './hold/hand-over.ts';
import type { RouteTable } from './routing/route-table.ts';
import type { CoordinatorClient, SmallAnswer } from './upstream/coordinator-client.ts';

export interface Challenges {
  /** Undefined where no coordinator can be asked, or the one that was did not refuse. */
  ask(context: RequestContext): Promise<SmallAnswer | undefined>;
}

/** Credentials come before the text for Trino, and what nobody follows never runs: the client's own need not be read. */
const anything = Buffer.from('SELECT 1');

export function createChallenges({ table, client }: { readonly table: () => RouteTable; readonly client: CoordinatorClient }): Challenges {
  return {
    async ask(context) {
      const found = findRequestRoute(table(), context);
      const entry = 'code' in found ? undefined : found.members.find(({ state }) => state === 'RUNNING');
      if (entry === undefined) return undefined;
      const { headers, origin, gone } = context;
      const submission = { headers, forwarded: addressedTo(table(), context.forwarded, entry), origin, body: anything };
      const done = await submitStatement(client, entry, submission, gone);
      return done.result === 'refused' ? done.outcome.answer : undefined;
    },
  };
}

// The explanation that an answer carries when its request asks for one: which runtime it went to, by which rule, and why. In the words of
// `xtrinode route explain`. It is for this hop alone: no coordinator hears of it. Pure.
import { headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';
import type { RequestContext } from './context.ts';
import { explainChoice, explainRule } from './routing/explain.ts';
import { findRequestRoute } from './routing/request-route.ts';
import type { RouteTable } from './routing/route-table.ts';

const asking = 'x-xtrinode-explain';
const told = 'X-XTrinode-Route';
/** Notes of a route may be long, and heads have bounds everywhere. */
const longest = 2_000;

/** Asked of every request: names of another length are not looked at. */
export function wantsExplanation(headers: HeaderPairs): boolean {
  return headers.some(([name, value]) => name.length === asking.length && name.toLowerCase() === asking && value.toLowerCase() === 'true');
}

function sentence(table: RouteTable, { notes, forwarded, headers }: RequestContext): string {
  const { kind, runtime, rule } = notes;
  if (runtime === undefined || rule === undefined) {
    const found = findRequestRoute(table, { forwarded, headers });
    return 'code' in found ? `no runtime: ${found.detail}` : 'no runtime: the gateway answers this by itself.';
  }
  if (rule === 'query') return `${runtime}: what this asks for is there.`;
  if (rule === 'transaction') return `${runtime}: its coordinator has the open transaction.`;
  const entry = table.byKey.get(runtime);
  if (rule === 'group') return `${runtime}: another runtime of its routing group did not take the statement.`;
  const question = { host: forwarded.host, headerValue: headerOf(headers, 'x-trino-xtrinode'), path: forwarded.prefix };
  const choice = entry === undefined || kind !== 'statement' ? [] : explainChoice(table, entry, question.headerValue);
  return [`${runtime}: ${explainRule(rule, question)}.`, ...choice].join(' ');
}

/** Name and value of the header, as the request stands now. */
export function explanationOf(table: RouteTable, context: RequestContext): readonly [string, string] {
  return [
    told,
    sentence(table, context)
      .replaceAll(/[^ -~]/g, '?')
      .slice(0, longest),
  ];
}

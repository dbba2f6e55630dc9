// The Trino UI behind the gateway's address, and the page a browser sees while the runtime sleeps. Neither wakes anything
// (design D3).
import { headerOf } from '#trino/protocol/headers.ts';
import { isHeldId } from '#trino/protocol/query-id.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { sendHtml, sendProblem, sendRedirect } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { Forward } from './forward.ts';
import type { HoldQueue } from './hold/hold-queue.ts';
import { chooseRequestRoute } from './routing/request-route.ts';
import { isProblem, isUp, type RouteTable } from './routing/route-table.ts';

export interface UiInit {
  readonly table: () => RouteTable;
  readonly queue: HoldQueue;
  readonly forward: Forward;
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function page(title: string, paragraphs: readonly string[]): string {
  const body = paragraphs.map((text) => `<p>${text}</p>`).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color:#1c2733}code{background:#eef2f5;padding:.1em .3em;border-radius:3px}</style>
</head><body><h1>${escapeHtml(title)}</h1>
${body}
</body></html>
`;
}

/** From this version on its UI names a query after the hash, and query.html is the legacy UI's (measured; older ones have no other). */
const queryAfterHashSince = 483;

/** The same address of the real query. */
function pathOf({ path, search }: RequestContext, heldId: string, realId: string, version = 0): string {
  if (path === '/ui/query.html' && version >= queryAfterHashSince) return `/ui/#/queries/${realId}`;
  return `${path.replace(heldId, realId)}${search.replace(heldId, realId)}`;
}

/** Its files and calls have addresses that begin with /ui whatever the prefix, so that they would lead to another runtime's UI. */
function noUi({ namespace, name }: RouteEntry): string {
  return page('No UI at this address', [
    `Trino's UI of runtime <code>${escapeHtml(`${namespace}/${name}`)}</code> needs a host name of that runtime: it does not work below a path. Set <code>spec.routing.hostname</code>.`,
    `<code>xtrinode get</code> and <code>xtrinode why ${escapeHtml(name)}</code> work without.`,
  ]);
}

/** Serves /ui/*; `queryId` is the query that a link names. */
export async function serveUi({ table, queue, forward }: UiInit, context: RequestContext, queryId: string | undefined): Promise<void> {
  const { exchange, headers, forwarded } = context;
  const isBrowser = headerOf(headers, 'accept')?.includes('text/html') === true;
  if (queryId !== undefined && isHeldId(queryId)) {
    const alias = queue.realIdOf(queryId);
    if (alias !== undefined)
      return sendRedirect(
        exchange,
        `${forwarded.prefix}${pathOf(context, queryId, alias.realId, table().byKey.get(alias.runtime)?.trinoVersion)}`,
      );
    return sendHtml(
      exchange,
      200,
      page('The query waits', [
        `Query <code>${escapeHtml(queryId)}</code> waits for its runtime to wake. This page shows it once it runs: reload then.`,
      ]),
      { Refresh: '3' },
    );
  }
  const route = chooseRequestRoute(table(), context);
  if (isProblem(route)) return sendProblem(exchange, route);
  if (forwarded.prefix !== '' && isBrowser) {
    const { host } = forwarded;
    const bare = chooseRequestRoute(table(), { forwarded: { host, prefix: '' }, headers });
    if (bare === route) return sendRedirect(exchange, `${context.path === '/' ? '/ui/' : context.path}${context.search}`);
    return sendHtml(exchange, 404, noUi(route));
  }
  const path = context.path === '/' || context.path === '/ui' ? '/ui/' : context.path;
  if (path !== context.path) return sendRedirect(exchange, `${forwarded.prefix}${path}`);
  const outcome = isUp(route) ? await forward(context, route, { path: `${path}${context.search}` }) : 'refused';
  if (outcome === 'done' || context.gone.aborted) return;
  const name = `${route.namespace}/${route.name}`;
  if (!isBrowser)
    return sendProblem(exchange, {
      code: 'ASLEEP',
      detail: `runtime ${name} is ${route.state}; it wakes on its first query.`,
      retryAfterSeconds: 30,
    });
  const why = route.note === undefined ? '' : `: ${escapeHtml(route.note)}`;
  const asleep = route.state === 'PAUSED';
  sendHtml(
    exchange,
    503,
    page(asleep ? `${name} sleeps` : `${name} is not ready yet`, [
      `Runtime <code>${escapeHtml(name)}</code> is ${escapeHtml(route.state)}${why}.`,
      asleep
        ? `Any query wakes it, for example <code>xtrinode query "SELECT 1"</code>; so does <code>xtrinode resume ${escapeHtml(route.name)} -n ${escapeHtml(route.namespace)}</code>.`
        : 'This page comes back by itself.',
    ]),
    asleep ? { 'Retry-After': '30' } : { 'Retry-After': '3', Refresh: '3' },
  );
}

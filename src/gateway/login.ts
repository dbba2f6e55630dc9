// The legs of Trino's OAuth2 login: a driver polls for its token, a browser goes to the identity provider and back. Whose they are their
// address alone says, since they share neither headers nor cookies (trino-protocol 5.1, design D4). Their ids are worth a token: they are
// kept nowhere and never logged. Shell.
import { sendEmpty, sendHtml, sendJson } from './answers.ts';
import type { RequestContext } from './context.ts';
import type { Forward } from './forward.ts';
import { findRequestRoute } from './routing/request-route.ts';
import { keyOfEntry, type RouteTable } from './routing/route-table.ts';
import { escapeHtml, page } from './ui.ts';

export interface LoginInit {
  readonly table: () => RouteTable;
  readonly forward: Forward;
}

const tokenPath = /^\/oauth2\/token\/[^/]+$/;

/** A driver takes any other answer for an outage or for a refusal of its own; this one ends its wait with the sentence. */
function sendLost({ exchange, method, path }: RequestContext, why: string, status: 404 | 503): void {
  const error = `the login cannot go on: ${why}. Begin it again`;
  if (!tokenPath.test(path)) return sendHtml(exchange, status, page('The login cannot go on', [`${escapeHtml(why)}. Begin it again.`]));
  if (method === 'DELETE') return sendEmpty(exchange, 204);
  sendJson(exchange, { error });
}

/** Waits as long as the coordinator lets a driver wait: it holds each poll for up to 10 s. */
export async function serveLogin({ table, forward }: LoginInit, context: RequestContext): Promise<void> {
  const found = findRequestRoute(table(), context);
  if ('code' in found) return sendLost(context, found.detail.replace(/\.$/, ''), 404);
  const { entry } = found;
  const path = `${context.path}${context.search}`;
  // Also while it goes to sleep: whoever has begun there can go on nowhere else.
  const outcome = entry.coordinatorUrl === undefined ? 'refused' : await forward(context, entry, { path });
  if (outcome === 'done' || context.gone.aborted) return;
  const state = entry.coordinatorUrl === undefined ? `is ${entry.state}` : 'does not answer';
  sendLost(context, `runtime ${keyOfEntry(entry)}, which it began with, ${state}`, 503);
}

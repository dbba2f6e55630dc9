// What the browser of a login gets to see. No address of it may be told to the next page: it leads into somebody's login.
import { sendEmpty, sendHtml } from '../answers.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import { escapeHtml, page } from '../ui.ts';

const discreet = { 'Referrer-Policy': 'no-referrer' };

export function sendOn(exchange: ClientExchange, location: string): void {
  sendEmpty(exchange, 303, { Location: location, 'Cache-Control': 'no-store', ...discreet });
}

/** Goes on by itself, beyond what a browser follows of redirects. */
export function sendOneMoment(exchange: ClientExchange, location: string): void {
  const paragraphs = ['You are being led to the gateway where your program waits. This page goes on by itself.'];
  sendHtml(exchange, 200, page('One moment', paragraphs), { Refresh: `0; url=${location}`, ...discreet });
}

/** `why`: a sentence without its full stop. */
export function sendFailure(exchange: ClientExchange, status: 400 | 503, why: string): void {
  const paragraphs = [`${escapeHtml(why)}.`, 'Run your statement again: your program asks for a new login then.'];
  sendHtml(exchange, status, page('The login cannot go on', paragraphs), discreet);
}

/** Trino's exchange lets anybody send somebody else the address of a login: who did not begin it can tell by the address `client`. */
export function sendLoggedIn(exchange: ClientExchange, client: string): void {
  const where = `<code>${escapeHtml(client)}</code>`;
  const paragraphs = [
    `Your program at ${where} goes on by itself. You can close this page.`,
    'If you have started none there, tell whoever runs this gateway at once: somebody else uses it with your name now.',
  ];
  sendHtml(exchange, 200, page('You are logged in', paragraphs), discreet);
}

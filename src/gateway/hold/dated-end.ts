// What is known at the POST and told on the next page, as that page's address carries it: for all to read, since it is what its client
// is told, and as good as the signature of the address. To seal it would take longer than all else that a refused statement takes
// (decision 0031). Pure.
import type { EpochMs } from '#core/clock.ts';
import { trinoErrors, type TrinoErrorName, type TrinoFailure } from '#trino/protocol/synthetic-page.ts';

/** A refusal, or that a call was done here. */
export type LaterEnd = TrinoFailure | 'call-done';

export interface DatedEnd {
  readonly end: LaterEnd;
  readonly arrivedAt: EpochMs;
}

interface Content {
  readonly e: TrinoErrorName | 'call-done';
  readonly m?: string;
  readonly a: EpochMs;
}

/** A message may quote what the client sent; it must fit whatever the characters. */
const maxMessageLength = 1_000;

/** Characters of [A-Za-z0-9_-]. */
export function formatDatedEnd({ end, arrivedAt: a }: DatedEnd): string {
  const content: Content = end === 'call-done' ? { e: end, a } : { e: end.name, m: end.message.slice(0, maxMessageLength), a };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** `text` is of an address that a gateway has signed: of another release perhaps, but of nobody else. Undefined for a form not known here. */
export function parseDatedEnd(text: string): DatedEnd | undefined {
  const { e, m = '', a: arrivedAt } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Content>;
  if (arrivedAt === undefined || e === undefined) return undefined;
  if (e === 'call-done') return { end: e, arrivedAt };
  return e in trinoErrors ? { end: { name: e, message: m }, arrivedAt } : undefined;
}

// One line per finished request, for those who want to know who asked for what. No line has a path, an address of a page, a statement
// or credentials: whoever has the address of a page can read its rows. Knows nothing of where lines go.
import type { EpochMs } from '#core/clock.ts';
import { headerOf } from '#trino/protocol/headers.ts';
import type { LogFields } from '#observe/log.ts';
import type { RequestContext } from '../context.ts';
import { traceIdOf } from './trace-context.ts';

export type AccessLog = (context: RequestContext, endedAt: EpochMs) => void;

export interface AccessLogInit {
  readonly write: (fields: LogFields) => void;
  /** New statements alone, or every request. */
  readonly what: 'statements' | 'all';
}

/** Who came in, else whom the client names. */
function userOf({ notes, headers }: RequestContext): string | undefined {
  return notes.user ?? headerOf(headers, 'x-trino-user') ?? headerOf(headers, 'x-presto-user');
}

export function createAccessLog({ write, what }: AccessLogInit): AccessLog {
  return (context, endedAt) => {
    const { exchange, notes, method, headers, forwarded } = context;
    if (what === 'statements' && notes.kind !== 'statement') return;
    const { runtime, rule, queryId, beganAt } = notes;
    write({
      kind: notes.kind,
      method,
      status: exchange.status,
      // Else its client has gone, or the coordinator in the middle of it.
      isComplete: exchange.isEnded,
      bytes: exchange.sentBytes,
      durationMs: endedAt - beganAt,
      client: forwarded.clientAddress,
      user: userOf(context),
      runtime,
      rule,
      queryId,
      traceId: traceIdOf(headers),
    });
  };
}

// Pages that the gateway itself answers in Trino's place: a QUEUED page, a keep-alive page, an error page. Pure.
// Source: trino-protocol 7.4, 8.1 and 8.4.

export type TrinoErrorType = 'USER_ERROR' | 'INTERNAL_ERROR' | 'INSUFFICIENT_RESOURCES' | 'EXTERNAL';

interface TrinoErrorCode {
  readonly code: number;
  readonly type: TrinoErrorType;
}

export const trinoErrors = {
  ABANDONED_QUERY: { code: 2, type: 'USER_ERROR' },
  USER_CANCELED: { code: 3, type: 'USER_ERROR' },
  PERMISSION_DENIED: { code: 4, type: 'USER_ERROR' },
  NOT_FOUND: { code: 5, type: 'USER_ERROR' },
  NOT_SUPPORTED: { code: 13, type: 'USER_ERROR' },
  UNKNOWN_TRANSACTION: { code: 20, type: 'USER_ERROR' },
  QUERY_REJECTED: { code: 31, type: 'USER_ERROR' },
  QUERY_TEXT_TOO_LARGE: { code: 35, type: 'USER_ERROR' },
  ADMINISTRATIVELY_KILLED: { code: 38, type: 'USER_ERROR' },
  GENERIC_INTERNAL_ERROR: { code: 65_536, type: 'INTERNAL_ERROR' },
  SERVER_STARTING_UP: { code: 65_548, type: 'INTERNAL_ERROR' },
  REMOTE_HOST_GONE: { code: 65_558, type: 'INTERNAL_ERROR' },
  GENERIC_INSUFFICIENT_RESOURCES: { code: 131_072, type: 'INSUFFICIENT_RESOURCES' },
  QUERY_QUEUE_FULL: { code: 131_074, type: 'INSUFFICIENT_RESOURCES' },
  EXCEEDED_TIME_LIMIT: { code: 131_075, type: 'INSUFFICIENT_RESOURCES' },
} as const satisfies Readonly<Record<string, TrinoErrorCode>>;

export type TrinoErrorName = keyof typeof trinoErrors;

export interface TrinoFailure {
  readonly name: TrinoErrorName;
  readonly message: string;
}

interface PageInput {
  readonly id: string;
  /** Scheme and authority of the gateway as the client knows it, e.g. http://localhost:8080. */
  readonly origin: string;
  readonly elapsedMs: number;
}

/** What a waiting client is told. */
export interface Wait {
  /** One sentence, for clients that can take one. */
  readonly warning: string | undefined;
  /** Of the statement in its queue, 1 is next; 0 where there is no order. */
  readonly position: number;
}

/** Trino's own codes are below; a client shows the message. */
const waitingCode = { code: 0x0700_0000, name: 'WAITING_FOR_RUNTIME' } as const;

function stats(state: string, isQueued: boolean, elapsedMs: number, position = 0): object {
  const elapsed = Math.max(0, Math.round(elapsedMs));
  return {
    state,
    queued: isQueued,
    scheduled: false,
    nodes: 0,
    // Clients show splits: the only figures of a page that they do.
    totalSplits: position,
    queuedSplits: position,
    runningSplits: 0,
    completedSplits: 0,
    cpuTimeMillis: 0,
    wallTimeMillis: 0,
    queuedTimeMillis: elapsed,
    elapsedTimeMillis: elapsed,
    processedRows: 0,
    processedBytes: 0,
    physicalInputBytes: 0,
    physicalWrittenBytes: 0,
    peakMemoryBytes: 0,
    spilledBytes: 0,
  };
}

function infoUri({ id, origin }: PageInput): string {
  return `${origin}/ui/query.html?${id}`;
}

/** `nextUri` is absolute and on the gateway. */
export function formatQueuedPage(input: PageInput & { readonly nextUri: string; readonly wait?: Wait }): string {
  const { wait } = input;
  return JSON.stringify({
    id: input.id,
    infoUri: infoUri(input),
    nextUri: input.nextUri,
    stats: stats('QUEUED', true, input.elapsedMs, wait?.position),
    warnings: wait?.warning === undefined ? [] : [{ warningCode: waitingCode, message: wait.warning }],
  });
}

/** Asks the client to repeat the very same request: advances nothing. */
export function formatKeepAlivePage(input: PageInput & { readonly nextUri: string }): string {
  return JSON.stringify({
    id: input.id,
    infoUri: infoUri(input),
    nextUri: input.nextUri,
    stats: stats('RUNNING', false, input.elapsedMs),
    warnings: [],
  });
}

/** The last page of a CALL that went well, as Trino 483 makes it. */
export function formatCallDonePage(input: PageInput): string {
  return JSON.stringify({
    id: input.id,
    infoUri: infoUri(input),
    columns: [],
    stats: stats('FINISHED', false, input.elapsedMs),
    warnings: [],
    updateType: 'CALL',
  });
}

export function formatErrorPage(input: PageInput & { readonly failure: TrinoFailure }): string {
  const { name, message } = input.failure;
  const { code, type } = trinoErrors[name];
  return JSON.stringify({
    id: input.id,
    infoUri: infoUri(input),
    stats: stats('FAILED', false, input.elapsedMs),
    error: {
      message,
      errorCode: code,
      errorName: name,
      errorType: type,
      failureInfo: { type: 'io.xtrinode.gateway', message, suppressed: [], stack: [] },
    },
    warnings: [],
  });
}

// Every answer that the gateway makes itself because something is wrong, and its HTTP form. Pure. Statement paths get
// Trino-shaped pages (trino-protocol 8.4); everything else problem+json (RFC 9457).
import type { TrinoErrorName } from '#trino/protocol/synthetic-page.ts';

export interface GatewayProblem {
  readonly code:
    | 'NO_ROUTE'
    | 'NO_USER'
    | 'BAD_REQUEST'
    | 'ASLEEP'
    | 'CANNOT_START'
    | 'PATIENCE_ENDED'
    | 'QUEUE_FULL'
    | 'TOO_LARGE'
    | 'REMOVED'
    | 'COORDINATOR_GONE'
    | 'UNREACHABLE'
    | 'NOT_FOUND'
    | 'GONE'
    | 'FORBIDDEN'
    | 'TOO_MANY'
    | 'UNDECIDED'
    | 'FORBIDDEN_PATH'
    | 'METHOD'
    | 'STOPPING';
  /** For the user: what happened and what to do. */
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

const statuses: Readonly<Record<GatewayProblem['code'], number>> = {
  NO_ROUTE: 404,
  NO_USER: 401,
  BAD_REQUEST: 400,
  ASLEEP: 503,
  CANNOT_START: 503,
  PATIENCE_ENDED: 503,
  QUEUE_FULL: 503,
  TOO_LARGE: 413,
  REMOVED: 404,
  COORDINATOR_GONE: 502,
  UNREACHABLE: 502,
  NOT_FOUND: 404,
  GONE: 410,
  FORBIDDEN: 403,
  TOO_MANY: 429,
  UNDECIDED: 503,
  FORBIDDEN_PATH: 404,
  METHOD: 405,
  STOPPING: 503,
};

const trinoNames: Partial<Readonly<Record<GatewayProblem['code'], TrinoErrorName>>> = {
  NO_ROUTE: 'QUERY_REJECTED',
  REMOVED: 'QUERY_REJECTED',
  FORBIDDEN: 'PERMISSION_DENIED',
  TOO_MANY: 'QUERY_QUEUE_FULL',
  CANNOT_START: 'SERVER_STARTING_UP',
  PATIENCE_ENDED: 'GENERIC_INSUFFICIENT_RESOURCES',
  QUEUE_FULL: 'QUERY_QUEUE_FULL',
  TOO_LARGE: 'QUERY_TEXT_TOO_LARGE',
  COORDINATOR_GONE: 'REMOTE_HOST_GONE',
  UNREACHABLE: 'REMOTE_HOST_GONE',
};

export function statusOf(problem: GatewayProblem): number {
  return statuses[problem.code];
}

export function trinoErrorOf(problem: GatewayProblem): TrinoErrorName {
  return trinoNames[problem.code] ?? 'GENERIC_INTERNAL_ERROR';
}

export function formatProblem(problem: GatewayProblem): string {
  return `${JSON.stringify({ type: 'about:blank', title: problem.code, status: statusOf(problem), detail: problem.detail })}\n`;
}

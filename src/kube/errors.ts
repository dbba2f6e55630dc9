// What can go wrong when talking to an API server, as one error type with the code and reason of the Status object.

export type KubeReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'NotAcceptable'
  /** No answer at all: refused, reset, time-out. `code` is 0. */
  | 'Unreachable'
  /** No answer, because one side does not trust the other's certificate. `code` is 0. */
  | 'Untrusted';

export interface StatusCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export interface KubeErrorInit {
  /** HTTP status, 0 when there was no answer. */
  readonly code: number;
  readonly reason: KubeReason;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly causes?: readonly StatusCause[];
  /** Further fields of Status.details. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: KubeReason;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly StatusCause[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: KubeErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason;
    this.retryAfterMs = init.retryAfterMs;
    this.causes = init.causes ?? [];
    this.details = init.details ?? {};
  }

  /** Repeating the same call cannot help: the request itself is at fault. */
  get isTerminal(): boolean {
    return [400, 401, 403, 404, 405, 406, 413, 415, 422].includes(this.code);
  }
}

export function isKubeError(error: unknown, ...reasons: readonly KubeReason[]): error is KubeError {
  return error instanceof KubeError && (reasons.length === 0 || reasons.includes(error.reason));
}

// What an API server says beside the object: Status errors, Retry-After and Warning headers. Pure.
import { KubeError } from '../errors.ts';
import type { KubeReason, StatusCause } from '../errors.ts';

/** For answers without a Status of their own, from proxies and load balancers for instance. */
const reasonOfCode: Readonly<Record<number, KubeReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const knownReasons: ReadonlySet<string> = new Set([...Object.values(reasonOfCode), 'AlreadyExists', 'Expired']);

interface Status {
  readonly kind: 'Status';
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number } & Readonly<Record<string, unknown>>;
}

/** `what` names the request, for answers that do not explain themselves. */
export function statusError(
  httpCode: number,
  body: string,
  retryAfter: string | string[] | undefined,
  what: string,
  nowMs: number,
): KubeError {
  const status = statusOf(body);
  const retryAfterMs = retryAfterMsOf(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, nowMs);
  if (status !== undefined) return errorOfStatus(status, httpCode, retryAfterMs);
  const said = body.replace(/\s+/g, ' ').trim().slice(0, 200);
  return new KubeError({
    code: httpCode,
    reason: reasonOfCode[httpCode] ?? (httpCode >= 500 ? 'InternalError' : 'BadRequest'),
    message: `${what} was answered with HTTP ${httpCode}${said === '' ? '' : `: ${said}`}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The error a Status object stands for; `httpCode` counts where the Status names none. */
export function errorOfStatus(status: Status, httpCode: number, retryAfterMs?: number): KubeError {
  const code = status.code ?? httpCode;
  const { causes, ...details } = status.details ?? {};
  const waitMs = retryAfterMs ?? (details.retryAfterSeconds === undefined ? undefined : details.retryAfterSeconds * 1000);
  return new KubeError({
    code,
    reason: isKnownReason(status.reason) ? status.reason : (reasonOfCode[code] ?? (code >= 500 ? 'InternalError' : 'BadRequest')),
    message: status.message ?? `the API server answered ${code} ${status.reason ?? ''}`.trim(),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(causes === undefined ? {} : { causes }),
    details,
  });
}

export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

function statusOf(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isStatus(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isKnownReason(reason: string | undefined): reason is KubeReason {
  return reason !== undefined && knownReasons.has(reason);
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3), as ms from now. */
function retryAfterMsOf(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** The texts of Warning headers: `299 - "text", 299 - "other"` (RFC 7234 section 5.5; Kubernetes uses code 299). */
export function warningsOf(header: string | string[] | undefined): readonly string[] {
  const whole = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...whole.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}

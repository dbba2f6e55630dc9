// W3C trace context (version 00): which trace a request belongs to. A client's goes to the coordinator as it is, as every header that
// is not ours; Trino goes on with it. Pure.
import { headerOf, type HeaderPairs } from '#trino/protocol/headers.ts';

const form = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** Undefined where there is none, or none that is well formed. */
export function traceIdOf(headers: HeaderPairs): string | undefined {
  return form.exec(headerOf(headers, 'traceparent') ?? '')?.[1];
}

/** The same headers with a trace of its own where there is none. `newTrace` makes 24 random bytes in hex. */
export function withTrace(headers: HeaderPairs, newTrace: () => string): HeaderPairs {
  if (headerOf(headers, 'traceparent') !== undefined) return headers;
  const hex = newTrace();
  return [...headers, ['traceparent', `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`]];
}

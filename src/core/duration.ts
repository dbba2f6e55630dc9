// Go duration strings ('5m', '1h30m', '300ms') to and from milliseconds, exactly. Kubernetes fields of type metav1.Duration
// use this notation. Source: Go, time.ParseDuration. Pure.

const nanosPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go keeps durations in an int64 of nanoseconds: about 292 years. */
const maxNanos = 2n ** 63n - 1n;

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

function nanosOf(text: string): bigint | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const body = text.slice(sign.length);
  if (body === '0') return 0n;
  if (body === '') return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    if (match === null) return undefined;
    const [, digits = '', unit = ''] = match;
    const [whole = '', fraction = ''] = digits.split('.');
    const perUnit = nanosPerUnit[unit] ?? 0n;
    total += BigInt(whole === '' ? '0' : whole) * perUnit;
    // Below a nanosecond Go truncates, and so does this division.
    if (fraction !== '') total += (BigInt(fraction) * perUnit) / 10n ** BigInt(fraction.length);
  }
  if (total > maxNanos) return undefined;
  return sign === '-' ? -total : total;
}

/** True for what parseDuration accepts. */
export function isDuration(text: string): boolean {
  return nanosOf(text) !== undefined;
}

/**
 * Milliseconds of a Go duration; below a millisecond the result has a fraction ('1500us' is 1.5).
 * Throws a RangeError that names the text and gives examples.
 */
export function parseDuration(text: string): number {
  const nanos = nanosOf(text);
  if (nanos === undefined) {
    throw new RangeError(`"${text}" is not a duration: write numbers with units, for example 300ms, 30s, 5m or 1h30m`);
  }
  const wholeMs = nanos / 1_000_000n;
  return Number(wholeMs) + Number(nanos - wholeMs * 1_000_000n) / 1e6;
}

/** The shortest Go duration for a number of ms, e.g. 5400000 -> '1h30m', 1500 -> '1.5s', 0 -> '0s'. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`${ms} ms is not a finite duration`);
  const nanos = BigInt(Math.trunc(ms)) * 1_000_000n + BigInt(Math.round((ms - Math.trunc(ms)) * 1e6));
  if (nanos === 0n) return '0s';
  if (nanos < 0n) return `-${formatDuration(-ms)}`;
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${decimal(nanos, 3)}us`;
  if (nanos < 1_000_000_000n) return `${decimal(nanos, 6)}ms`;
  const hours = nanos / 3_600_000_000_000n;
  const minutes = (nanos / 60_000_000_000n) % 60n;
  const seconds = decimal(nanos % 60_000_000_000n, 9);
  return (hours > 0n ? `${hours}h` : '') + (minutes > 0n ? `${minutes}m` : '') + (seconds === '0' ? '' : `${seconds}s`);
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  const whole = digits.slice(0, -places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

// Kubernetes quantities ('512Mi', '1.5Gi', '500m', '2e3', '100k') as exact integers: no floating point anywhere, because
// memory sizing (design D9) must add up. Source: Kubernetes apimachinery, resource.Quantity. Pure.

const decimalExponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binarySuffixes: readonly string[] = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i|)$/;

/** Quantities are int64 in Kubernetes; larger ones are refused here instead of capped in silence. */
const maxValue = 2n ** 63n - 1n;
const nano = 1_000_000_000n;

/** The value in billionths, the finest step Kubernetes keeps; finer input is rounded away from zero, as there. */
function nanosOf(text: string): bigint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const binary = binarySuffixes.indexOf(suffix);
  const exponent = decimalExponents[suffix] ?? (binary >= 0 ? 0 : Number(suffix.slice(1)));
  if (Math.abs(exponent) > 100 || digits.length > 100) return undefined;
  let value = BigInt(whole + fraction || '0') * nano;
  if (binary >= 0) value *= 1024n ** BigInt(binary + 1);
  const shift = exponent - fraction.length;
  value = shift >= 0 ? value * 10n ** BigInt(shift) : divideUp(value, 10n ** BigInt(-shift));
  if (value > maxValue * nano) return undefined;
  return sign === '-' ? -value : value;
}

function divideUp(value: bigint, by: bigint): bigint {
  if (value < 0n) return -divideUp(-value, by);
  return (value + by - 1n) / by;
}

function parse(text: string): bigint {
  const nanos = nanosOf(text);
  if (nanos === undefined) {
    throw new RangeError(`"${text}" is not a quantity: write a number with an optional unit, for example 512Mi, 1.5Gi, 500m or 2`);
  }
  return nanos;
}

export function isQuantity(text: string): boolean {
  return nanosOf(text) !== undefined;
}

/** Whole units (bytes for memory), rounded up as Kubernetes does. Throws a RangeError that names the text. */
export function parseBytes(text: string): bigint {
  return divideUp(parse(text), nano);
}

/** Thousandths ('500m' and '0.5' are 500n), rounded up. Throws a RangeError that names the text. */
export function parseMilliCpu(text: string): bigint {
  return divideUp(parse(text), 1_000_000n);
}

/** Negative, zero or positive, like a comparator; '1Gi' equals '1024Mi'. Throws a RangeError on bad text. */
export function compareQuantities(a: string, b: string): number {
  const difference = parse(a) - parse(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * As the Kubernetes API writes a quantity back, whoever wrote it how: '1000m' -> '1', '0.5' -> '500m', '1024Mi' -> '1Gi'. The kind of
 * unit stays, but what is no whole number of Ki has a decimal one. Throws a RangeError on bad text.
 * Source: apimachinery, Quantity.CanonicalizeBytes.
 */
export function canonicalQuantity(text: string): string {
  const value = parse(text);
  const size = value < 0n ? -value : value;
  // Whole bytes that are no whole Ki have no unit, and what has no unit is read as decimal when it is read again.
  if (text.endsWith('i') && size >= 1024n * nano && value % (1024n * nano) === 0n) return formatBytes(value / nano);
  const hasExponent = /[eE][+-]?\d/.test(text);
  return formatDecimal(value, (exponent) => (hasExponent ? `e${exponent}` : (decimalSuffixes[exponent] ?? '')));
}

const decimalSuffixes = Object.fromEntries(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]));

/** A whole number of the largest thousandfold that divides it. */
function formatDecimal(nanos: bigint, suffixOf: (exponent: number) => string): string {
  let [number, exponent] = [nanos, -9];
  while (number !== 0n && number % 1000n === 0n && exponent < 18) {
    number /= 1000n;
    exponent += 3;
  }
  return number === 0n || exponent === 0 ? `${number}` : `${number}${suffixOf(exponent)}`;
}

/** The shortest exact quantity in binary units: 1610612736n -> '1536Mi', 1000n -> '1000'. */
export function formatBytes(bytes: bigint): string {
  let value = bytes;
  let step = -1;
  while (value !== 0n && value % 1024n === 0n && step < binarySuffixes.length - 1) {
    value /= 1024n;
    step += 1;
  }
  return `${value}${step < 0 ? '' : (binarySuffixes[step] ?? '')}`;
}

/** 1500n -> '1500m', 2000n -> '2'. */
export function formatMilliCpu(milli: bigint): string {
  return milli % 1000n === 0n ? `${milli / 1000n}` : `${milli}m`;
}

// The parts of the Kubernetes CEL library that CRD rules use and the CEL library itself does not have: lists, quantities,
// URLs, regular expressions. Source: Kubernetes "CEL in Kubernetes", Kubernetes CEL libraries.
import { compareQuantities, isQuantity } from '#core/quantity.ts';
import type { Environment } from '@marcbachmann/cel-js';

type Ordered = bigint | number | string | boolean;

function isSorted(list: readonly Ordered[]): boolean {
  return list.every((item, at) => at === 0 || (list[at - 1] as Ordered) <= item);
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  return list.every((item) => typeof item === 'bigint')
    ? list.reduce((a, b) => a + b, 0n)
    : list.reduce<number>((a, b) => a + Number(b), 0);
}

function extreme(list: readonly Ordered[], isBetter: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...rest] = list;
  if (first === undefined) {
    throw new Error('min or max of an empty list');
  }
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first);
}

/** Directives %s, %d and %f; of the rest of Go's, rules have had no need. */
function format(text: string, values: readonly unknown[]): string {
  let at = 0;
  return text.replaceAll(/%(%|\.?\d*[a-zA-Z])/g, (directive, what: string) => {
    if (what === '%') {
      return '%';
    }
    if (!/^[sd]$|^(\.\d+)?f$/.test(what)) {
      throw new Error(`format directive ${directive} is not supported`);
    }
    const value = values[at++];
    return what.endsWith('f') ? Number(value).toFixed(Number(what.slice(1, -1) || 6)) : String(value);
  });
}

class CelQuantity {
  readonly text: string;
  constructor(text: string) {
    compareQuantities(text, text);
    this.text = text;
  }
}

class CelUrl {
  readonly url: URL;
  constructor(text: string) {
    this.url = new URL(text);
  }
}

/** Adds the functions to an environment. */
export function registerKubernetesLibrary(environment: Environment): void {
  environment.registerType('kubernetes.Quantity', { ctor: CelQuantity });
  environment.registerType('kubernetes.URL', { ctor: CelUrl });
  const register = (signature: string, run: (...inputs: never[]) => unknown): void => {
    environment.registerFunction(signature, run as (...inputs: unknown[]) => unknown);
  };
  register('list.isSorted(): bool', isSorted);
  register('list.sum(): dyn', sum);
  register('list.min(): dyn', (list: readonly Ordered[]) => extreme(list, (a, b) => a < b));
  register('list.max(): dyn', (list: readonly Ordered[]) => extreme(list, (a, b) => a > b));
  register('list.indexOf(dyn): int', (list: readonly unknown[], item: unknown) => BigInt(list.indexOf(item)));
  register('list.lastIndexOf(dyn): int', (list: readonly unknown[], item: unknown) => BigInt(list.lastIndexOf(item)));
  register('string.find(string): string', (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '');
  register('string.findAll(string): list', (text: string, pattern: string) => text.match(new RegExp(pattern, 'gu')) ?? []);
  register('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, () => to));
  register('string.format(list): string', format);
  register('quantity(string): kubernetes.Quantity', (text: string) => new CelQuantity(text));
  register('isQuantity(string): bool', (text: string) => isQuantity(text));
  register(
    'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compareQuantities(a.text, b.text) > 0,
  );
  register(
    'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compareQuantities(a.text, b.text) < 0,
  );
  register('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: CelQuantity, b: CelQuantity) =>
    BigInt(compareQuantities(a.text, b.text)),
  );
  register('url(string): kubernetes.URL', (text: string) => new CelUrl(text));
  register('isURL(string): bool', (text: string) => URL.canParse(text));
  register('kubernetes.URL.getScheme(): string', ({ url }: CelUrl) => url.protocol.replace(/:$/, ''));
  register('kubernetes.URL.getHost(): string', ({ url }: CelUrl) => url.host);
  register('kubernetes.URL.getHostname(): string', ({ url }: CelUrl) => url.hostname);
  register('kubernetes.URL.getPort(): string', ({ url }: CelUrl) => url.port);
  register('kubernetes.URL.getEscapedPath(): string', ({ url }: CelUrl) => url.pathname);
}

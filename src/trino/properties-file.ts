// Java properties files as Trino reads them: one `key=value` per line. Pure.

export type Properties = ReadonlyMap<string, string>;

/** Stable text: in the order of insertion, one line each, a newline at the end. A later entry of the same key wins. */
export function formatProperties(entries: Iterable<readonly [string, string]>): string {
  const merged = new Map<string, string>();
  for (const [key, value] of entries) merged.set(key, value);
  return [...merged].map(([key, value]) => `${key}=${value}\n`).join('');
}

/** True when the text cannot be one line of a properties file: it would inject further properties (design D12). */
export function hasControlCharacter(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- finding control characters is the point
  return /[\u0000-\u001f\u007f]/.test(text);
}

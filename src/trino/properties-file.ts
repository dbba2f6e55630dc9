// Java properties files as Trino reads them: one `key=value` per line. Pure.
import { hasControlCharacter } from '#core/property-text.ts';

export type Properties = ReadonlyMap<string, string>;

/**
 * Stable text: in the order of insertion, one line each, a newline at the end. A later entry of the same key wins. Throws
 * RangeError for what cannot be one line: whatever was checked before, nothing gets from here into another property (design D12).
 */
export function formatProperties(entries: Iterable<readonly [string, string]>): string {
  const merged = new Map<string, string>();
  for (const [key, value] of entries) merged.set(key, value);
  return [...merged]
    .map(([key, value]) => {
      if (hasControlCharacter(key) || hasControlCharacter(value) || value.endsWith('\\'))
        throw new RangeError(
          `${JSON.stringify(key)} cannot be written as one line of a properties file: its name or value has a line break`,
        );
      return `${key}=${value}\n`;
    })
    .join('');
}

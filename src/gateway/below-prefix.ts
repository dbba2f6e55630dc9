// What a coordinator says in headers, for a client that knows it below a prefix. Pure. Trino (476, 483) puts X-Forwarded-Prefix in front of
// the addresses in its pages and redirects, but neither of those in its OAuth2 challenge nor of the paths of its cookies.
import type { ForwardedFor } from '#trino/protocol/headers.ts';

/** `lines`: alternating names and values. */
function mapValues(lines: readonly string[], lowerName: string, change: (value: string) => string): readonly string[] {
  return lines.map((line, index) => (index % 2 === 1 && lines[index - 1]?.toLowerCase() === lowerName ? change(line) : line));
}

/** Below one runtime's prefix no cookie is any other runtime's, and the browser of a login shows its nonce where it is asked for. */
export function cookiesBelow(prefix: string, lines: readonly string[]): readonly string[] {
  if (prefix === '') return lines;
  const below = (_all: string, name: string, path: string): string => `${name}${prefix}${path}`;
  return mapValues(lines, 'set-cookie', (line) => line.replace(/(;\s*path=)(\/[^;]*)/i, below));
}

/** Without it a login would begin at another runtime's coordinator. */
export function challengesBelow({ protocol, host, prefix }: ForwardedFor, lines: readonly string[]): readonly string[] {
  if (prefix === '') return lines;
  const base = `"${protocol}://${host}`;
  return mapValues(lines, 'www-authenticate', (line) => line.replaceAll(`${base}/oauth2/`, `${base}${prefix}/oauth2/`));
}

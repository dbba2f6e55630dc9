// Forms of text in our fields, once for the rules of the CRDs and for the operator's own check. Pure. Syntax that RE2 and
// JavaScript both read: a CRD's rule is evaluated by Go on a cluster and by us in the embedded API.

/** A Go duration without sign. */
export const durationPattern = '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$';

/** A Trino data size; its units are binary and case-sensitive (spec/reference-api 6.3). */
export const dataSizePattern = '^[0-9]+(\\.[0-9]+)?\\s*(B|kB|MB|GB|TB|PB)$';

/** A host name or domain: no scheme, port or path. */
export const hostPattern = '^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$';

/** Becomes part of a host name where a domain is given. */
export const routingGroupPattern = '^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$';

/** Names of namespaces. */
export const namespacePattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

/** A value of X-Trino-XTrinode, alone or after the name of the header: printable, without blanks at its ends. */
export const headerPattern = '^([Xx]-[Tt]rino-[Xx][Tt]rinode\\s*[=:]\\s*[!-~]([ -~]*[!-~])?|[!-9;<>-~]([ -9;<>-~]*[!-9;<>-~])?)$';

export const imagePattern = '^[!-~]+$';

export const versionPattern = '^[0-9]{3,4}$';

/** What Trino calls its connectors: tpch, delta_lake, hive-hadoop2. */
export const connectorNamePattern = '^[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?$';

export const labelValuePattern = '^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$';

/** Most workers that one runtime may have. */
export const mostWorkers = 500;

export interface DurationBounds {
  readonly least: string;
  readonly most: string;
  readonly orNever?: boolean;
}

export const durationBounds = Object.freeze({
  /** Zero would put a runtime to sleep before its first query. */
  autoSuspendAfter: { least: '1s', most: '8760h', orNever: true },
  /** A gateway reads a route entry with a positive patience only. */
  wakePatience: { least: '1s', most: '24h' },
  wakeTTL: { least: '0s', most: '8760h' },
}) satisfies Readonly<Record<string, DurationBounds>>;

export function durationWords({ least, most, orNever = false }: DurationBounds): string {
  return `must be a duration from ${least} to ${most}, such as 90s, 5m or 1h30m${orNever ? ', or never' : ''}`;
}

/** Words for texts that do not have their form; the value stands before them. */
export const formWords = Object.freeze({
  version: 'must be a Trino version of three or four digits in quotes, such as "483"',
  image: 'must be an image reference without blanks, such as trinodb/trino:483',
  dataSize: 'must be a Trino data size, such as 512MB or 4GB: a number and B, kB, MB, GB, TB or PB',
  host: 'must be a host name of letters, digits, dots and dashes, such as trino.example.com: no scheme, port or path',
  routingGroup: 'must be of letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
  namespace: 'must be the name of a namespace, such as team-b: lower-case letters, digits and dashes',
  header: 'must be a value for the header X-Trino-XTrinode, such as sales, or X-Trino-XTrinode=sales: no other header selects a runtime',
  connectorName: 'must be the name of a Trino connector, such as postgresql: letters, digits, dashes and underscores',
  labelValue: 'must be a label value: at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
});

// Properties by which Trino keeps results in an object store. Pure. Source: Trino docs, Client protocol, "Spooling protocol" (476).
import { parseDuration } from '#core/duration.ts';
import type { SecretReference } from './connectors.ts';
import { formatProperties } from './properties-file.ts';

export interface SpoolingInput {
  readonly location: string;
  readonly retrievalMode: string;
  readonly segmentTtl?: string | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly propertySecretRefs?:
    | Readonly<Record<string, { readonly name: string; readonly key: string; readonly optional?: boolean | undefined }>>
    | undefined;
}

export const spoolingKeyVariable = 'XTRINODE_SPOOLING_SHARED_SECRET';

const switches: Readonly<Record<string, string>> = {
  s3: 'fs.s3.enabled',
  gs: 'fs.gcs.enabled',
  abfs: 'fs.azure.enabled',
  abfss: 'fs.azure.enabled',
};

function variableOf(property: string): string {
  return `SPOOLING_${property.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

/** In config.properties of every node. */
export function spoolingSwitches({ retrievalMode }: SpoolingInput): readonly (readonly [string, string])[] {
  return [
    ['protocol.spooling.enabled', 'true'],
    ['protocol.spooling.retrieval-mode', retrievalMode],
    ['protocol.spooling.shared-secret-key', `\${ENV:${spoolingKeyVariable}}`],
  ];
}

/** Content of spooling-manager.properties, the same on every node. */
export function formatSpoolingManager({ location, segmentTtl, properties, propertySecretRefs }: SpoolingInput): string {
  const scheme = location.slice(0, location.indexOf(':'));
  const secrets = Object.keys(propertySecretRefs ?? {}).map((name) => [name, `\${ENV:${variableOf(name)}}`] as const);
  const given = [...Object.entries(properties ?? {}), ...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
  return formatProperties([
    ['spooling-manager.name', 'filesystem'],
    ['fs.location', location],
    [switches[scheme] ?? 'fs.s3.enabled', 'true'],
    ...(segmentTtl === undefined ? [] : ([['fs.segment.ttl', `${parseDuration(segmentTtl)}ms`]] as const)),
    ...given,
  ]);
}

/** What the two refer to. `key`: with which the addresses of segments are encrypted. */
export function spoolingEnvironment({ propertySecretRefs }: SpoolingInput, key: SecretReference): ReadonlyMap<string, SecretReference> {
  const given = Object.entries(propertySecretRefs ?? {}).map(
    ([property, { name, key, optional = false }]) => [variableOf(property), { secretName: name, key, optional }] as const,
  );
  return new Map([[spoolingKeyVariable, key], ...given]);
}

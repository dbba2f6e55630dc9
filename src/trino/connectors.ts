// An XTrinodeCatalog's connector as a Trino catalog properties file. Pure. Source: reference-api sections 2.2-2.7.
// Connectors beyond these get their typed fields with the connector work.
import { formatProperties } from './properties-file.ts';

export interface SecretReference {
  readonly secretName: string;
  readonly key: string;
  readonly optional: boolean;
}

export interface RenderedCatalog {
  /** Content of `<name>.properties`. */
  readonly text: string;
  /** Environment variables that the text refers to. */
  readonly environment: ReadonlyMap<string, SecretReference>;
}

interface ConnectorInput {
  readonly properties?: Readonly<Record<string, string>>;
  readonly propertySecretRefs?: Readonly<Record<string, { readonly name: string; readonly key: string; readonly optional?: boolean }>>;
  readonly [field: string]: unknown;
}

interface ConnectorKind {
  readonly connectorName: (input: ConnectorInput) => string;
  readonly typed: (input: ConnectorInput) => readonly (readonly [string, string])[];
}

const named = (connectorName: string): ConnectorKind => ({ connectorName: () => connectorName, typed: () => [] });

const kinds: Readonly<Record<string, ConnectorKind>> = {
  tpch: named('tpch'),
  tpcds: named('tpcds'),
  blackHole: named('blackhole'),
  jmx: named('jmx'),
  memory: {
    connectorName: () => 'memory',
    typed: (input) => (typeof input['maxDataPerNode'] === 'string' ? [['memory.max-data-per-node', input['maxDataPerNode']]] : []),
  },
  custom: { connectorName: (input) => String(input['connectorName']), typed: () => [] },
};

export const renderableConnectors: readonly string[] = Object.keys(kinds);

/** Name of the environment variable that carries a secret property. Source: reference-api section 2.7. */
export function secretVariable(catalogName: string, property: string): string {
  const part = (text: string): string => text.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
  return `CATALOG_${part(catalogName)}_${part(property)}`;
}

/** Throws nothing for a connector in which findCatalogProblems (catalog-rules.ts) finds no problem. */
export function renderCatalog(catalogName: string, connector: Readonly<Record<string, ConnectorInput>>): RenderedCatalog {
  const [key, input] = Object.entries(connector).find(([, value]) => value !== undefined) as [string, ConnectorInput];
  const kind = kinds[key] as ConnectorKind;
  const merged = new Map<string, string>(Object.entries(input.properties ?? {}));
  for (const [property, value] of kind.typed(input)) merged.set(property, value);
  const environment = new Map<string, SecretReference>();
  for (const [property, reference] of Object.entries(input.propertySecretRefs ?? {})) {
    const variable = secretVariable(catalogName, property);
    environment.set(variable, { secretName: reference.name, key: reference.key, optional: reference.optional === true });
    merged.set(property, `\${ENV:${variable}}`);
  }
  const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
  return { text: formatProperties([['connector.name', kind.connectorName(input)], ...sorted]), environment };
}

// An XTrinodeCatalog's connector as a Trino catalog properties file. Pure. Source: reference-api sections 2.2-2.7.
// Connectors beyond these get their typed fields with the connector work; until then they are refused by name.

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

export interface CatalogProblem {
  /** Path below spec.connector. */
  readonly field: string;
  readonly message: string;
}

export const renderableConnectors: readonly string[] = Object.keys(kinds);

/** Name of the environment variable that carries a secret property. Source: reference-api section 2.7. */
export function secretVariable(catalogName: string, property: string): string {
  const part = (text: string): string => text.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
  return `CATALOG_${part(catalogName)}_${part(property)}`;
}

// oxlint-disable-next-line no-control-regex -- control characters would inject further properties (design D12)
const unsafe = /[\u0000-\u001f\u007f]/;
const sensitive = /password|secret|accesskey|privatekey|apikey|token|keytab|credential/;

function propertyProblem(key: string, value: string): string | undefined {
  if (key.trim() === '' || key !== key.trim() || unsafe.test(key) || key.includes('=')) {
    return `${JSON.stringify(key)} is not a property name: no blanks at its ends, no line breaks, no "="`;
  }
  if (key.toLowerCase() === 'connector.name') return 'connector.name follows from the connector chosen: remove it';
  if (unsafe.test(value)) return 'the value must be a single line without control characters';
  if (sensitive.test(key.toLowerCase().replaceAll(/[-._]/g, ''))) return 'looks like a secret: move it to propertySecretRefs';
  return undefined;
}

/** Every problem of a connector at once; none means that it can be rendered. */
export function findCatalogProblems(connector: Readonly<Record<string, ConnectorInput>>): CatalogProblem[] {
  const chosen = Object.keys(connector).filter((key) => connector[key] !== undefined);
  if (chosen.length !== 1)
    return [{ field: '', message: `exactly one connector is needed, ${chosen.length === 0 ? 'none is' : `${chosen.join(', ')} are`} set` }];
  const key = chosen[0] as string;
  const input = connector[key] as ConnectorInput;
  const problems: CatalogProblem[] = [];
  if (kinds[key] === undefined) {
    problems.push({
      field: key,
      message: `is not rendered yet; use custom with its connectorName and properties, or one of ${renderableConnectors.join(', ')}`,
    });
  }
  for (const [property, value] of Object.entries(input.properties ?? {})) {
    const message = propertyProblem(property, value);
    if (message !== undefined) problems.push({ field: `${key}.properties[${property}]`, message });
  }
  for (const [property, reference] of Object.entries(input.propertySecretRefs ?? {})) {
    if (property.trim() === '' || unsafe.test(property) || property.includes('=')) {
      problems.push({ field: `${key}.propertySecretRefs[${property}]`, message: 'is not a property name' });
    }
    if (reference.name === '' || reference.key === '')
      problems.push({ field: `${key}.propertySecretRefs[${property}]`, message: 'needs the name and the key of a Secret' });
    if (input.properties?.[property] !== undefined)
      problems.push({ field: `${key}.properties[${property}]`, message: 'is also in propertySecretRefs: keep one' });
  }
  return problems;
}

/** Renders a connector without problems; throws nothing for one that `findCatalogProblems` accepts. */
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
  const lines = [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([property, value]) => `${property}=${value}\n`);
  return { text: `connector.name=${kind.connectorName(input)}\n${lines.join('')}`, environment };
}

// Rules on an XTrinodeCatalog that its schema cannot say, and those it says as well: the operator asks them of every catalog
// before it renders one, whatever admitted it. Pure; throws nothing, whatever it is given. Source: reference-api 2.5-2.7.
import { findPropertyProblem, hasControlCharacter } from '#core/property-text.ts';
import { renderableConnectors, secretVariable } from './connectors.ts';

export interface CatalogProblem {
  /** Path from the object's root. */
  readonly field: string;
  readonly message: string;
  /** A connector of the reference that is kept and not rendered yet: nothing to refuse, but to tell. */
  readonly isLater?: true;
}

/** Trino makes this catalog itself, and refuses a file for it. */
export const builtInCatalog = 'system';

type Members = Readonly<Record<string, unknown>>;

const sensitiveName = /password|secret|accesskey|privatekey|apikey|token|keytab|credential/;
/** What Java reads as the end of a name, as an escape, or as the beginning of a comment. */
const unwritableName = /[\s=:\\]|^[#!]/;
const dataSize = /^[0-9]+(\.[0-9]+)?\s*(B|kB|MB|GB|TB|PB)$/;
const connectorName = /^[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?$/;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameProblem(name: string): string | undefined {
  if (name === '' || hasControlCharacter(name) || unwritableName.test(name))
    return 'is not the name of a property: no blanks, line breaks, "=", ":" or backslashes, and no "#" or "!" at its beginning';
  return name.toLowerCase() === 'connector.name' ? 'follows from the connector chosen: remove it' : undefined;
}

/** A switch is no secret, whatever its name (iceberg.rest-catalog.vended-credentials-enabled). */
function looksLikeSecret(name: string, value: string): boolean {
  return value !== 'true' && value !== 'false' && sensitiveName.test(name.toLowerCase().replaceAll(/[-._]/g, ''));
}

function valueProblem(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be text: put it in quotes';
  const problem = findPropertyProblem(value);
  if (problem !== undefined) return problem;
  return looksLikeSecret(name, value) ? 'looks like a secret: move it to propertySecretRefs' : undefined;
}

function propertyProblems(key: string, properties: Members): CatalogProblem[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    const message = nameProblem(name) ?? valueProblem(name, value);
    return message === undefined ? [] : [{ field: `${key}.properties[${name}]`, message }];
  });
}

function referenceProblems(key: string, references: Members, properties: Members): CatalogProblem[] {
  const variables = new Map<string, string>();
  // API servers do not keep the order of a map.
  const sorted = Object.entries(references).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, reference]) => {
    const { name: secret = '', key: secretKey = '' } = isMembers(reference) ? reference : {};
    const variable = secretVariable('', name);
    const other = variables.get(variable);
    variables.set(variable, name);
    const message =
      nameProblem(name) ??
      (secret === '' || secretKey === '' ? 'needs the name and the key of a Secret' : undefined) ??
      (Object.hasOwn(properties, name) ? 'is also in properties: keep one of them' : undefined) ??
      (other === undefined
        ? undefined
        : `reaches Trino by the same environment variable as ${other}: only one of the two can have a Secret`);
    return message === undefined ? [] : [{ field: `${key}.propertySecretRefs[${name}]`, message }];
  });
}

function typedProblems(key: string, input: Members): CatalogProblem[] {
  const { maxDataPerNode, connectorName: name } = input;
  const isForm = (form: RegExp, text: unknown): boolean => typeof text === 'string' && form.test(text);
  if (key === 'memory' && maxDataPerNode !== undefined && !isForm(dataSize, maxDataPerNode))
    return [{ field: 'memory.maxDataPerNode', message: 'must be a Trino data size, such as 512MB or 4GB' }];
  if (key === 'custom' && !isForm(connectorName, name))
    return [{ field: 'custom.connectorName', message: 'must be the name of a Trino connector, such as postgresql' }];
  return [];
}

function nameProblems(catalogName: string, key: string): CatalogProblem[] {
  if (catalogName === builtInCatalog && key !== builtInCatalog)
    return [{ field: 'metadata.name', message: 'Trino has a catalog system of its own: choose another name' }];
  // Names that differ in dots and dashes only would share the environment variables of their secrets.
  return catalogName.includes('.')
    ? [{ field: 'metadata.name', message: 'has a dot, which SQL reads as the end of the catalog: use dashes' }]
    : [];
}

function laterProblems(key: string): CatalogProblem[] {
  if (key === builtInCatalog || renderableConnectors.includes(key)) return [];
  const others = `use custom with its connectorName and properties, or one of ${renderableConnectors.join(', ')}`;
  return [{ field: key, message: `is not rendered yet; ${others}`, isLater: true }];
}

function connectorProblems(key: string, input: unknown): CatalogProblem[] {
  if (!isMembers(input)) return [{ field: key, message: 'must be an object: write {} for one without settings' }];
  const [properties, references] = [input['properties'] ?? {}, input['propertySecretRefs'] ?? {}];
  if (!isMembers(properties) || !isMembers(references))
    return [{ field: key, message: 'properties and propertySecretRefs must be objects of properties by name' }];
  return [
    ...laterProblems(key),
    ...typedProblems(key, input),
    ...propertyProblems(key, properties),
    ...referenceProblems(key, references, properties),
  ];
}

/** Every problem of a catalog at once, by its name in Trino; none means that it can be rendered, or needs no file. */
export function findCatalogProblems(catalogName: string, connector: unknown): CatalogProblem[] {
  const chosen = isMembers(connector) ? Object.entries(connector).filter(([, input]) => input !== undefined) : [];
  const [first] = chosen;
  if (first === undefined || chosen.length !== 1) {
    const count = chosen.length === 0 ? 'none is' : `${chosen.map(([key]) => key).join(', ')} are`;
    return [{ field: 'spec.connector', message: `exactly one connector is needed, and ${count} set: write for example tpch: {}` }];
  }
  const [key, input] = first;
  const below = connectorProblems(key, input).map((problem) => ({ ...problem, field: `spec.connector.${problem.field}` }));
  return [...nameProblems(catalogName, key), ...below];
}

// What a real API server says of the built-in kinds, cut down to those that we use: their schemas with all that these refer to.
// The embedded API reads it (src/embedded/built-in-schemas.ts), so that nobody has to copy Kubernetes by hand.
import { apiVersionOf } from '#kube/resources.ts';
import * as resources from '#kube/resources.ts';
import type { Resource } from '#kube/port.ts';

type Json = Readonly<Record<string, unknown>>;

interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const used: readonly Resource[] = Object.values(resources).filter((value) => typeof value === 'object');

type Ask = (request: { readonly path: string }) => Promise<{ readonly body: unknown }>;

/** One schema per line, in a stable order. */
export async function readKubernetesSchemas(ask: Ask): Promise<string> {
  const read = async (path: string): Promise<unknown> => (await ask({ path })).body;
  const { gitVersion } = (await read('/version')) as { readonly gitVersion: string };
  const kinds: Record<string, string> = {};
  const schemas: Record<string, Json> = {};
  for (const apiVersion of new Set(used.map(apiVersionOf))) {
    const document = (await read(`/openapi/v3/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`)) as OpenApiDocument;
    for (const resource of used.filter((one) => apiVersionOf(one) === apiVersion)) {
      const name = findSchema(document, resource);
      kinds[`${apiVersion}/${resource.kind}`] = name;
      collect(document, name, schemas);
    }
  }
  return [
    `{ "version": ${JSON.stringify(gitVersion)},`,
    `"kinds": ${JSON.stringify(Object.fromEntries(sorted(kinds)))},`,
    '"schemas": {',
    sorted(schemas)
      .map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`)
      .join(',\n'),
    '}}\n',
  ].join('\n');
}

function sorted<T>(members: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function findSchema({ components }: OpenApiDocument, { group, version, kind }: Resource): string {
  const found = Object.entries(components.schemas).find(([, schema]) => {
    const names = schema['x-kubernetes-group-version-kind'] as readonly Json[] | undefined;
    return names?.some((one) => one['group'] === group && one['version'] === version && one['kind'] === kind) === true;
  });
  if (found === undefined) throw new Error(`the API server has no schema of ${kind}`);
  return found[0];
}

const reference = '#/components/schemas/';

function collect(document: OpenApiDocument, name: string, into: Record<string, Json>): void {
  if (into[name] !== undefined) return;
  const schema = document.components.schemas[name] ?? {};
  into[name] = schema;
  for (const target of referencesIn(schema)) collect(document, target, into);
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member.slice(reference.length)] : referencesIn(member),
  );
}

// What every object's metadata must be: names, labels, annotations, owner references. Pure; wording of a real API server.
import { asArray, asObject, asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
/** Sum of keys and values of all annotations, in bytes (Kubernetes: TotalAnnotationSizeLimitB). */
const MAX_ANNOTATION_BYTES = 256 * 1024;

const OBJECT_META_FIELDS = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);

/** Drops metadata fields that do not exist and names them in `unknown`. Changes `object.metadata`. */
export function pruneMetadata(object: JsonObject, unknown: string[]): void {
  const metadata = asObject(object['metadata']);
  for (const name of Object.keys(metadata)) {
    if (!OBJECT_META_FIELDS.has(name)) {
      unknown.push(`metadata.${name}`);
      delete metadata[name];
    }
  }
}

function bad(field: string, value: unknown, why: string): FieldProblem {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

const SUBDOMAIN_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_WORDS =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_WORDS =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** Kinds whose names stand in host names. */
const LABEL_NAMED = new Set(['Service', 'Namespace']);

/** Syntax of a name for a kind: a DNS subdomain, or a label of one. */
export function checkName(kind: string, name: string): FieldProblem[] {
  const why = LABEL_NAMED.has(kind) ? whyNoLabel(name) : whyNoSubdomain(name);
  return why === undefined ? [] : [bad('metadata.name', name, why)];
}

function whyNoLabel(name: string): string | undefined {
  if (name.includes('.')) {
    return 'must not contain dots';
  }
  return name.length > 63 ? 'must be no more than 63 bytes' : LABEL.test(name) ? undefined : LABEL_WORDS;
}

function whyNoSubdomain(name: string): string | undefined {
  return name.length > 253 ? 'must be no more than 253 characters' : SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_WORDS;
}

function checkQualifiedName(field: string, key: string): FieldProblem[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (name.length > 63) {
    return [bad(field, key, 'name part must be no more than 63 bytes')];
  }
  if (parts.length > 2 || !QUALIFIED_NAME.test(name)) {
    return [bad(field, key, QUALIFIED_WORDS)];
  }
  const why = prefix === undefined ? undefined : whyNoSubdomain(prefix);
  return why === undefined ? [] : [bad(field, key, `prefix part ${why}`)];
}

function checkTexts(field: string, texts: unknown, valueProblem: (value: string) => string | undefined): FieldProblem[] {
  if (texts === undefined || texts === null) {
    return [];
  }
  if (!isJsonObject(texts)) {
    return [bad(field, texts, 'must be a map of strings')];
  }
  return Object.entries(texts).flatMap(([key, value]) => {
    if (typeof value !== 'string') {
      return [bad(`${field}.${key}`, value, `must be a string; ${JSON.stringify(value)} needs quotes`)];
    }
    const why = valueProblem(value);
    return [...checkQualifiedName(field, key), ...(why === undefined ? [] : [bad(field, value, why)])];
  });
}

/** Everything about metadata but the name. */
export function checkMetadata(metadata: JsonObject, isCustom: boolean): FieldProblem[] {
  const problems = checkTexts('metadata.labels', metadata['labels'], (value) =>
    value.length <= 63 && LABEL_VALUE.test(value)
      ? undefined
      : value.length > 63
        ? 'must be no more than 63 bytes'
        : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  );
  problems.push(...checkTexts('metadata.annotations', metadata['annotations'], () => undefined));
  const bytes = Object.entries(asObject(metadata['annotations'])).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  if (bytes > MAX_ANNOTATION_BYTES) {
    problems.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`,
    });
  }
  problems.push(...checkOwners(asArray(metadata['ownerReferences']).map(asObject)));
  asArray(metadata['finalizers']).forEach((finalizer, at) => {
    const name = asText(finalizer);
    problems.push(...checkQualifiedName('metadata.finalizers', name));
    if (!isCustom && !name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
      problems.push(bad(`metadata.finalizers[${at}]`, name, 'name is neither a standard finalizer name nor is it fully qualified'));
    }
  });
  return problems;
}

const STANDARD_FINALIZERS: ReadonlySet<unknown> = new Set(['foregroundDeletion', 'orphan', 'kubernetes']);

function checkOwners(references: readonly JsonObject[]): FieldProblem[] {
  const problems = references.flatMap((reference) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((name) => asText(reference[name]) === '')
      .map((name) => bad(`metadata.ownerReferences.${name}`, '', `${name === 'apiVersion' ? 'version ' : ''}must not be empty`)),
  );
  const controllers = references.filter(({ controller }) => controller === true);
  if (controllers.length > 1) {
    const [first, second] = controllers.map(({ kind, name }) => `${asText(kind)}/${asText(name)}`);
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${first ?? ''} and ${second ?? ''}`;
    problems.push(bad('metadata.ownerReferences', references, why));
  }
  return problems;
}

/** Of those that an object of a custom kind has got; other kinds refuse them. */
export function warningsOfFinalizers(metadata: JsonObject, before: JsonObject): readonly string[] {
  const advice = 'prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers';
  return asArray(metadata['finalizers'])
    .filter((name) => !asArray(before['finalizers']).includes(name) && !STANDARD_FINALIZERS.has(name) && !asText(name).includes('/'))
    .map((name) => `metadata.finalizers: ${JSON.stringify(name)}: ${advice}`);
}

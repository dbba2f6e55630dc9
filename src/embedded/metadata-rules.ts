// What every object's metadata must be: names, labels, annotations, owner references. Pure; wording of a real API server.
import { asArray, asObject, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { FieldProblem } from './refusals.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
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

/** Syntax of a name for a kind: a DNS subdomain, or stricter where DNS uses it. */
export function checkName(kind: string, name: string): FieldProblem[] {
  if (kind === 'Service') {
    const isFine = name.length <= 63 && SERVICE_NAME.test(name);
    const why =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    return isFine ? [] : [bad('metadata.name', name, name.length > 63 ? 'must be no more than 63 characters' : why)];
  }
  if (kind === 'Namespace') {
    const why =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    return name.length <= 63 && LABEL.test(name)
      ? []
      : [bad('metadata.name', name, name.length > 63 ? 'must be no more than 63 characters' : why)];
  }
  const why =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  return name.length <= 253 && SUBDOMAIN.test(name)
    ? []
    : [bad('metadata.name', name, name.length > 253 ? 'must be no more than 253 characters' : why)];
}

function checkQualifiedName(field: string, key: string): FieldProblem[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2 || name === '' || name.length > 63 || !QUALIFIED_NAME.test(name)) {
    const why =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    return [bad(field, key, why)];
  }
  return prefix !== undefined && !SUBDOMAIN.test(prefix) ? [bad(field, key, 'prefix part must be a lowercase RFC 1123 subdomain')] : [];
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
export function checkMetadata(metadata: JsonObject): FieldProblem[] {
  const problems = checkTexts('metadata.labels', metadata['labels'], (value) =>
    value.length <= 63 && LABEL_VALUE.test(value)
      ? undefined
      : value.length > 63
        ? 'must be no more than 63 characters'
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
  asArray(metadata['ownerReferences']).forEach((reference, at) => {
    for (const name of ['apiVersion', 'kind', 'name', 'uid']) {
      const value = asObject(reference)[name];
      if (typeof value !== 'string' || value === '') {
        const message = `Invalid value: "": ${name} must not be empty`;
        problems.push({ reason: 'FieldValueInvalid', field: `metadata.ownerReferences[${at}].${name}`, message });
      }
    }
  });
  asArray(metadata['finalizers']).forEach((finalizer, at) => {
    if (typeof finalizer === 'string') {
      problems.push(...checkQualifiedName(`metadata.finalizers[${at}]`, finalizer));
    }
  });
  return problems;
}

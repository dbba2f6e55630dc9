// YAML as Kubernetes reads it, which is YAML 1.1 as Go's library understands it: 0644 is octal, yes and on are booleans,
// 1e3 and 1_000 are numbers, 08 is 8, dates stay strings. Measured against sigs.k8s.io/yaml 1.3 (spec/stack.md section 17).
// Pure.
import { NOT_RESOLVED, Schema, YAML11_SCHEMA, YAMLException, defineScalarTag, dump, loadAll } from 'js-yaml';

const floatPattern = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const numberStarts = '+-.0123456789'.split('');

/** Go: strconv.ParseInt(text without underscores, base 0, 64). */
function resolveInteger(source: string): number | typeof NOT_RESOLVED {
  const plain = source.replaceAll('_', '');
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))$/.exec(plain);
  if (match === null) return NOT_RESOLVED;
  const [, sign, hex, octal, binary, decimal] = match;
  const value =
    hex === undefined
      ? octal === undefined
        ? binary === undefined
          ? Number(decimal)
          : parseInt(binary, 2)
        : parseInt(octal, 8)
      : parseInt(hex, 16);
  return sign === '-' ? -value : value;
}

function resolveFloat(source: string): number | typeof NOT_RESOLVED {
  const plain = source.replaceAll('_', '');
  if (!floatPattern.test(plain)) return NOT_RESOLVED;
  const value = Number(plain);
  return Number.isFinite(value) ? value : NOT_RESOLVED;
}

const integer = defineScalarTag<number>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: resolveInteger,
  identify: (data: unknown) => Number.isInteger(data),
});
const float = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: resolveFloat,
  identify: (data: unknown) => typeof data === 'number',
});

const dropped: ReadonlySet<string> = new Set(
  ['int', 'float', 'timestamp', 'binary', 'omap', 'pairs', 'set'].map((name) => `tag:yaml.org,2002:${name}`),
);
const kubernetesSchema = new Schema([...YAML11_SCHEMA.tags.filter((tag) => !dropped.has(tag.tagName)), integer, float]);

/** All documents of a file, empty ones left out. Throws YAMLException with line and column. */
export function readYamlDocuments(text: string): readonly unknown[] {
  return loadAll(text, { schema: kubernetesSchema }).filter((document) => document !== null && document !== undefined);
}

export function isYamlError(error: unknown): error is YAMLException {
  return error instanceof YAMLException;
}

/** Every string that any YAML reader could take for something else is quoted. */
export function formatYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

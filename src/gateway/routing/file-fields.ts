// What the fields of a routes file may hold, and the sentence on one that is wrong: field, value and how to mend it. Pure.

export interface Field {
  /** Completes "it must be ...". */
  readonly must: string;
  readonly isGood: (value: unknown) => boolean;
}

export type FieldTable = Readonly<Record<string, Field>>;

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isName = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value);

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isAddress(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, pathname, search } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && pathname === '/' && search === '';
}

export const aName: Field = { must: 'a Kubernetes name such as team-a', isGood: isName };
export const aText: Field = { must: 'text', isGood: isText };
export const aTruth: Field = { must: 'true or false', isGood: (value) => typeof value === 'boolean' };
export const anAddress: Field = {
  must: 'the address of a coordinator without a path, such as http://10.0.0.5:8080 or https://trino.example.com',
  isGood: isAddress,
};

export function oneOf(values: readonly string[]): Field {
  return { must: `one of ${values.join(', ')}`, isGood: (value) => (values as readonly unknown[]).includes(value) };
}

export function shown(value: unknown): string {
  return value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
}

/** What is wrong with `given`, or undefined. `what` it is: "a route entry". */
export function findFieldProblem(
  given: Readonly<Record<string, unknown>>,
  { what, fields, required }: { readonly what: string; readonly fields: FieldTable; readonly required: readonly string[] },
): string | undefined {
  for (const name of new Set([...required, ...Object.keys(given)])) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return `${name} is no field of ${what}: remove it. Fields are ${Object.keys(fields).join(', ')}`;
    if (!field.isGood(given[name])) return `${name} ${shown(given[name])}: it must be ${field.must}`;
  }
  return undefined;
}

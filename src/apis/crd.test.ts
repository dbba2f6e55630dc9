import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogSamples } from '../../test/builders/catalog-samples.ts';
import { runtimeSamples } from '../../test/builders/runtime-samples.ts';
import { xtrinodeCatalogCrd, xtrinodeCrd } from './crd.ts';
import type { CelRule } from './v1/cel-rules.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node;
  readonly items?: Node;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

interface Definition {
  readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Node } }] };
}

interface Place {
  readonly path: string;
  readonly node: Node;
}

function schemaOf(definition: object): Node {
  return (definition as Definition).spec.versions[0].schema.openAPIV3Schema;
}

/** A node and all below it; properties as `.name`, values of maps as `{}`, items as `[]`. */
function placesOf(node: Node, path: string): readonly Place[] {
  return [
    { path, node },
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => placesOf(child, `${path}.${name}`)),
    ...(node.additionalProperties === undefined ? [] : placesOf(node.additionalProperties, `${path}{}`)),
    ...(node.items === undefined ? [] : placesOf(node.items, `${path}[]`)),
  ];
}

const definitions = { xtrinode: xtrinodeCrd(), xtrinodecatalog: xtrinodeCatalogCrd() } as const;
const places = Object.entries(definitions).flatMap(([name, definition]) => placesOf(schemaOf(definition), name));
const rules = places.flatMap(({ path, node }) => (node['x-kubernetes-validations'] ?? []).map((rule) => ({ path, rule })));

test('every property is described by at least a sentence, for kubectl explain', () => {
  const properties = places.filter(({ path }) => path.includes('.') && !/[}\]]$/.test(path) && !/\.metadata(\.|$)/.test(path));
  assert.ok(properties.length > 200);
  for (const { path, node } of properties) {
    const { description = '' } = node;
    assert.match(description, /^[A-Z].*[.)]$/s, `${path}: ${description}`);
    assert.ok(description.split(' ').length >= 5, `${path}: ${description}`);
  }
});

test('everything a user writes is bounded, because API servers estimate the cost of rules from it', () => {
  const written = places.filter(({ path }) => path.includes('.spec'));
  for (const { path, node } of written) {
    if (node.type === 'string') assert.ok(node.maxLength !== undefined || node.enum !== undefined, `${path} has a longest text`);
    if (node.type === 'array') assert.ok(node.maxItems !== undefined, `${path} has a longest list`);
    if (node.additionalProperties !== undefined) assert.ok(node.maxProperties !== undefined, `${path} has a largest map`);
  }
});

test('every rule says what is wrong and how to mend it', () => {
  assert.ok(rules.length > 100);
  for (const { path, rule } of rules) {
    assert.match(rule.message, /must|keep|choose|write|use|move|remove|give|name|lower|raise|add|set/, `${path}: ${rule.message}`);
    assert.doesNotMatch(rule.message, /\n/, path);
  }
});

/** The fixed text of what a rule says: the message, or the constant parts of the expression that makes it. */
function saysIt(rule: CelRule, message: string): boolean {
  if (message.endsWith(rule.message)) return true;
  const texts = rule.messageExpression?.match(/'(?:[^'\\]|\\.)*'/g) ?? [];
  const constants = texts.flatMap((text) => text.slice(1, -1).replaceAll("\\'", "'").split('%d')).filter((text) => text.trim().length > 3);
  return constants.length > 0 && constants.filter((text) => message.includes(text)).length >= Math.ceil(constants.length / 2);
}

test('every rule is broken by a sample, in its own words', () => {
  const messages = [...runtimeSamples, ...catalogSamples].flatMap(({ refusals }) => refusals.map(({ message }) => message));
  for (const { path, rule } of rules) {
    assert.ok(
      messages.some((message) => saysIt(rule, message)),
      `${path}: no sample breaks ${rule.rule}`,
    );
  }
});

function valuesAt(path: string, object: unknown): readonly unknown[] {
  const steps = path.match(/\.[^.{[]+|\{\}|\[\]/g) ?? [];
  return steps.reduce<readonly unknown[]>(
    (values, step) =>
      values
        .filter((value): value is Record<string, unknown> => typeof value === 'object' && value !== null)
        .flatMap((value) => (step.startsWith('.') ? [value[step.slice(1)]] : Object.values(value)))
        .filter((value) => value !== undefined),
    [object],
  );
}

test('every rule is kept by a sample that is accepted', () => {
  const accepted = [...runtimeSamples, ...catalogSamples].filter(({ refusals }) => refusals.length === 0);
  // The connectors have the same rules; one of them stands for all.
  const representative = (path: string): string => path.replace(/\.connector\.\w+/, '.connector.custom');
  for (const { path, rule } of rules) {
    const candidates = [path, representative(path)].map((one) => one.replace(/^\w+/, ''));
    const isKept = accepted.some(({ object }) => candidates.some((candidate) => valuesAt(candidate, object).length > 0));
    assert.ok(isKept, `${path}: no accepted sample reaches ${rule.rule}`);
  }
});

test('kubectl apply can keep a definition in its annotation', () => {
  // Limit of all annotations of an object: 256 KiB.
  for (const [name, definition] of Object.entries(definitions)) {
    assert.ok(JSON.stringify(definition).length < 200_000, name);
  }
});

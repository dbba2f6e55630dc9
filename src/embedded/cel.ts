// x-kubernetes-validations: the CEL rules of a structural schema, compiled once and evaluated over an object. The CEL
// library is loaded by loadCel only when a CRD has rules. No cost budget: rules come from CRDs the user chose to install.
import { asArray, equalJson, isJsonObject, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { registerKubernetesLibrary } from './cel-library.ts';
import { itemsBefore } from './list-types.ts';
import type { FieldProblem } from './refusals.ts';
import { memberPath, memberSchema } from './schema.ts';
import type { JsonSchema, ValidationRule } from './schema.ts';

type Program = (context: { readonly self: unknown; readonly oldSelf?: unknown }) => unknown;

interface CompiledRule {
  readonly source: ValidationRule;
  readonly run: Program;
  readonly runMessage: Program | undefined;
  readonly readsOldSelf: boolean;
}

/** Compiles rules; a rule that does not compile throws with a message that names it. */
export interface CelEngine {
  compile(rule: ValidationRule): CompiledRule;
}

/** Whether a schema (or any JSON that holds one) has rules at all. */
export function mentionsRules(schema: unknown): boolean {
  return JSON.stringify(schema)?.includes('"x-kubernetes-validations"') ?? false;
}

export async function loadCel(): Promise<CelEngine> {
  const { Environment } = await import('@marcbachmann/cel-js');
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  environment.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
  registerKubernetesLibrary(environment);
  // The same rules stand at many places of a schema.
  const parsed = new Map<string, Program>();
  const parse = (expression: string): Program => {
    const known = parsed.get(expression);
    if (known !== undefined) {
      return known;
    }
    const run = environment.parse(expression);
    const program: Program = (context) => run(context) as unknown;
    parsed.set(expression, program);
    return program;
  };
  return {
    compile(source) {
      if (source.optionalOldSelf === true) {
        throw new Error(`${source.rule}: the embedded API of XTrinode runs no rule with optionalOldSelf`);
      }
      try {
        return {
          source,
          run: parse(source.rule),
          runMessage: source.messageExpression === undefined ? undefined : parse(source.messageExpression),
          readsOldSelf: /\boldSelf\b/.test(source.rule),
        };
      } catch (error) {
        throw new Error(`compilation failed: ${firstLine(error)}: ${source.rule}`, { cause: error });
      }
    },
  };
}

/** Rules of a schema by the place they stand at; undefined where there is none below. */
interface RuleTree {
  readonly schema: JsonSchema;
  readonly rules: readonly CompiledRule[];
  readonly members: ReadonlyMap<string, RuleTree>;
  readonly additional: RuleTree | undefined;
  readonly items: RuleTree | undefined;
}

export interface CompiledRules {
  /** Problems of a whole object; `before` is absent on creation, and transition rules are skipped then. */
  check(object: JsonObject, before: JsonObject | undefined): FieldProblem[];
}

/** Undefined when the schema has no rules. Throws Error naming the rule that does not compile. */
export function compileRules(schema: JsonSchema, engine: CelEngine): CompiledRules | undefined {
  const tree = compileTree(schema, engine);
  return tree === undefined
    ? undefined
    : {
        check(object, before) {
          const problems: FieldProblem[] = [];
          evaluate(tree, object, before, '', problems);
          return problems;
        },
      };
}

function compileTree(schema: JsonSchema, engine: CelEngine): RuleTree | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => engine.compile(rule));
  const members = new Map<string, RuleTree>();
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const tree = compileTree(child, engine);
    if (tree !== undefined) {
      members.set(name, tree);
    }
  }
  const additional = typeof schema.additionalProperties === 'object' ? compileTree(schema.additionalProperties, engine) : undefined;
  const items = schema.items === undefined ? undefined : compileTree(schema.items, engine);
  const isEmpty = rules.length === 0 && members.size === 0 && additional === undefined && items === undefined;
  return isEmpty ? undefined : { schema, rules, members, additional, items };
}

function evaluate(tree: RuleTree, value: unknown, before: unknown, path: string, problems: FieldProblem[]): void {
  if (value === undefined || (value === null && tree.schema.nullable === true)) {
    return;
  }
  if (tree.rules.length > 0) {
    const self = toCel(tree.schema, value);
    const oldSelf = before === undefined || before === null ? undefined : toCel(tree.schema, before);
    // What an update leaves as it was is judged by rules on the change only, as in schema-check.
    const isUnchanged = oldSelf !== undefined && equalJson(value, before);
    for (const rule of tree.rules.filter(({ readsOldSelf }) => readsOldSelf || !isUnchanged)) {
      const problem = evaluateRule(rule, { self, ...(oldSelf === undefined ? {} : { oldSelf }) }, value, path);
      if (problem !== undefined) {
        problems.push(problem);
      }
    }
  }
  if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const child = tree.members.get(name) ?? tree.additional;
      if (child !== undefined) {
        evaluate(child, member, isJsonObject(before) ? before[name] : undefined, memberPath(tree.schema, path, name), problems);
      }
    }
  } else if (Array.isArray(value) && tree.items !== undefined) {
    const { items } = tree;
    const old = itemsBefore(tree.schema, before);
    value.forEach((item: unknown, at) => evaluate(items, item, old(item), `${path}[${at}]`, problems));
  }
}

function evaluateRule(
  { source, run, runMessage, readsOldSelf }: CompiledRule,
  context: { readonly self: unknown; readonly oldSelf?: unknown },
  value: unknown,
  path: string,
): FieldProblem | undefined {
  if (readsOldSelf && context.oldSelf === undefined) {
    return undefined;
  }
  let failure: string | undefined;
  try {
    failure = run(context) === true ? undefined : messageOf(source, runMessage, context);
  } catch (error) {
    failure = `${firstLine(error)} evaluating rule: ${source.message ?? source.rule}`;
  }
  if (failure === undefined) {
    return undefined;
  }
  const field = path + (source.fieldPath === undefined ? '' : path === '' ? source.fieldPath.replace(/^\./, '') : source.fieldPath);
  const reason = (source.reason ?? 'FieldValueInvalid') as FieldProblem['reason'];
  // as a real API server since 1.35, which does not print whole objects
  const shown = isJsonObject(value) || Array.isArray(value) ? undefined : JSON.stringify(value);
  switch (reason) {
    case 'FieldValueForbidden':
      return { field, reason, message: `Forbidden: ${failure}` };
    case 'FieldValueRequired':
      return { field, reason, message: `Required value: ${failure}` };
    case 'FieldValueDuplicate':
      return { field, reason, message: shown === undefined ? 'Duplicate value' : `Duplicate value: ${shown}` };
    default:
      return {
        field: field === '' ? '<nil>' : field,
        reason,
        message: `Invalid value: ${shown === undefined ? '' : `${shown}: `}${failure}`,
      };
  }
}

function messageOf(source: ValidationRule, runMessage: Program | undefined, context: { readonly self: unknown }): string {
  const fallback = source.message ?? `failed rule: ${source.rule}`;
  if (runMessage === undefined) {
    return fallback;
  }
  try {
    const text = runMessage(context);
    return typeof text === 'string' && text.trim() !== '' ? text : fallback;
  } catch (error) {
    return source.message ?? `${fallback} (its messageExpression failed: ${firstLine(error)})`;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** JSON as CEL values by schema: integers are BigInt, because a plain number is a CEL double; timestamps are Date. */
function toCel(schema: JsonSchema | undefined, value: unknown): unknown {
  if (Array.isArray(value)) {
    return asArray(value).map((item) => toCel(schema?.items, item));
  }
  if (isJsonObject(value)) {
    const converted: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) {
        setMember(converted, escapeName(schema, name), toCel(schema === undefined ? undefined : memberSchema(schema, name), member));
      }
    }
    return converted;
  }
  if (typeof value === 'number') {
    const isInteger = schema?.type === 'integer' || (schema?.type !== 'number' && Number.isInteger(value));
    return isInteger ? BigInt(value) : value;
  }
  if (typeof value === 'string' && (schema?.format === 'date-time' || schema?.format === 'date')) {
    return new Date(value);
  }
  return value;
}

const CEL_WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** Named members are escaped as Kubernetes does, so that rules can select them; keys of maps stay as they are. */
function escapeName(schema: JsonSchema | undefined, name: string): string {
  if (schema?.properties === undefined || !Object.hasOwn(schema.properties, name)) {
    return name;
  }
  if (CEL_WORDS.has(name)) {
    return `__${name}__`;
  }
  return name.replaceAll('__', '__underscores__').replaceAll('.', '__dot__').replaceAll('-', '__dash__').replaceAll('/', '__slash__');
}

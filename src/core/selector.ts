// Label selectors (string and object form) and field selectors: parse once, match often. Pure. The grammar is that of
// Kubernetes (concepts: labels and selectors, field selectors); it must not know which objects are selected.
import { readSelectorText, UnreadableSelector, type Comparison, type ReadTerm } from './label-selector-text.ts';
import type { LabelSelector } from './objects.ts';

export type LabelOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Empty for Exists and DoesNotExist. */
  readonly values: readonly string[];
}

export interface FieldRequirement {
  /** Dotted path, e.g. `spec.nodeName`. */
  readonly path: string;
  readonly isEqual: boolean;
  readonly value: string;
}

type Labels = Readonly<Record<string, string>> | undefined;

/** The text is not a selector; the message says where and why. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

const KEY = /^([a-z0-9A-Z]([a-z0-9A-Z.-]*[a-z0-9A-Z])?\/)?[a-z0-9A-Z]([\w.-]*[a-z0-9A-Z])?$/;
const VALUE = /^([a-z0-9A-Z]([\w.-]*[a-z0-9A-Z])?)?$/;

/** `app=trino,tier in (a,b),!x` as requirements that must all hold; '' selects everything. Throws SelectorError. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  try {
    return readSelectorText(text).map((term) => checked(requirementFrom(term)));
  } catch (error) {
    if (error instanceof UnreadableSelector) {
      throw new SelectorError(error.message);
    }
    throw error;
  }
}

/** The object form. An empty selector selects everything; what an absent one means is for the caller. Throws SelectorError. */
export function requirementsOf(selector: LabelSelector): readonly LabelRequirement[] {
  const fromLabels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => checked({ key, operator: 'In', values: [value] }));
  const fromExpressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator !== 'In' && operator !== 'NotIn' && operator !== 'Exists' && operator !== 'DoesNotExist') {
      throw new SelectorError(`"${operator}" is not a valid label selector operator`);
    }
    return checked({ key, operator, values: values ?? [] });
  });
  return [...fromLabels, ...fromExpressions];
}

/** The string form of requirements; parseLabelSelector gives them back. */
export function formatLabelSelector(requirements: readonly LabelRequirement[]): string {
  return requirements
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return values.length === 1 ? `${key}=${values[0] ?? ''}` : `${key} in (${values.join(',')})`;
        case 'NotIn':
          return values.length === 1 ? `${key}!=${values[0] ?? ''}` : `${key} notin (${values.join(',')})`;
        case 'Exists':
          return key;
        case 'DoesNotExist':
          return `!${key}`;
        case 'Gt':
          return `${key}>${values[0] ?? ''}`;
        case 'Lt':
          return `${key}<${values[0] ?? ''}`;
        default:
          return operator satisfies never;
      }
    })
    .join(',');
}

/** Whether every requirement holds. NotIn and != also select objects without the label, as in Kubernetes. */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels): boolean {
  return requirements.every((requirement) => holds(requirement, labels));
}

/** `metadata.name=x,status.phase!=Running`. Throws SelectorError. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return text
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^([^=!]+?)(==|!=|=)(.*)$/.exec(term);
      if (match === null) {
        throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
      }
      return { path: (match[1] ?? '').trim(), isEqual: match[2] !== '!=', value: (match[3] ?? '').trim() };
    });
}

/** Compares as text what `valueOf` finds at each path. */
export function matchesFields(requirements: readonly FieldRequirement[], object: unknown, valueOf = textAt): boolean {
  return requirements.every(({ path, isEqual, value }) => (valueOf(object, path) === value) === isEqual);
}

/** The value at a dotted path as text; an absent one is the empty string. */
export function textAt(object: unknown, path: string): string {
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0]);
    default:
      return operator satisfies never;
  }
}

const OPERATORS: Readonly<Record<Comparison, LabelOperator>> = {
  in: 'In',
  notin: 'NotIn',
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
};

function requirementFrom(term: ReadTerm): LabelRequirement {
  switch (term.test) {
    case 'exists':
      return { key: term.key, operator: 'Exists', values: [] };
    case 'absent':
      return { key: term.key, operator: 'DoesNotExist', values: [] };
    default:
      return { key: term.key, operator: OPERATORS[term.test], values: term.values };
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  if (!KEY.test(key)) {
    throw new SelectorError(`unable to parse requirement: key "${key}" is not a label name`);
  }
  const takesValues = operator !== 'Exists' && operator !== 'DoesNotExist';
  if (takesValues && values.length === 0) {
    throw new SelectorError(`unable to parse requirement: "${key}": values must be given for operator ${operator}`);
  }
  if (!takesValues && values.length > 0) {
    throw new SelectorError(`unable to parse requirement: "${key}": values must be empty for operator ${operator}`);
  }
  const wrong = values.find((value) => value.length > 63 || !VALUE.test(value));
  if (wrong !== undefined) {
    throw new SelectorError(`unable to parse requirement: "${wrong}" is not a label value`);
  }
  if ((operator === 'Gt' || operator === 'Lt') && !/^-?\d+$/.test(values[0] ?? '')) {
    throw new SelectorError(`unable to parse requirement: "${key}": the value for ${operator} must be an integer`);
  }
  return requirement;
}

// The JSONPath subset of CRD printer columns: members, indexes, `*` and filters by equality. Pure.
// Source: Kubernetes CRD additionalPrinterColumns ("simple JSON paths").
import { isJsonObject } from './json-values.ts';

type Step =
  | { readonly member: string }
  | { readonly index: number | '*' }
  | { readonly filter: { readonly path: readonly Step[]; readonly equals: string } };

const TOKEN =
  /\.((?:\\.|[^.[\]\\])+)|\[(\*|-?\d+)\]|\['([^']*)'\]|\["([^"]*)"\]|\[\?\(\s*@((?:\.[^=\s)]+)+)\s*==\s*(?:"([^"]*)"|'([^']*)'|([^)]+?))\s*\)\]/gy;

function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < path.length) {
    const match = TOKEN.exec(path);
    if (match === null) {
      return [];
    }
    const [, member, index, quoted, doubleQuoted, filterPath, text, singleText, bare] = match;
    if (member !== undefined) {
      steps.push({ member: member.replaceAll(/\\(.)/g, '$1') });
    } else if (index !== undefined) {
      steps.push({ index: index === '*' ? '*' : Number(index) });
    } else if (filterPath !== undefined) {
      const after = TOKEN.lastIndex;
      steps.push({ filter: { path: parseSteps(filterPath), equals: text ?? singleText ?? bare ?? '' } });
      TOKEN.lastIndex = after;
    } else {
      steps.push({ member: quoted ?? doubleQuoted ?? '' });
    }
  }
  return steps;
}

function take(values: readonly unknown[], step: Step): unknown[] {
  return values.flatMap((value): unknown[] => {
    if ('member' in step) {
      return isJsonObject(value) && Object.hasOwn(value, step.member) ? [value[step.member]] : [];
    }
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    if ('filter' in step) {
      return items.filter((item) =>
        step.filter.path
          .reduce<unknown[]>((found, one) => take(found, one), [item])
          .map(String)
          .includes(step.filter.equals),
      );
    }
    return step.index === '*' ? [...items] : items.slice(step.index).slice(0, 1);
  });
}

/** Makes a reader for a path such as `.status.conditions[?(@.type=="Ready")].status`; an unreadable path finds nothing. */
export function parseJsonPath(path: string): (value: unknown) => readonly unknown[] {
  const text = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  const steps = parseSteps(text.startsWith('.') || text.startsWith('[') ? text : `.${text}`);
  return (value) => (steps.length === 0 ? [] : steps.reduce<readonly unknown[]>((found, step) => take(found, step), [value]));
}

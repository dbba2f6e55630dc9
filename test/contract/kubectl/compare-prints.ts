// What kubectl printed on two servers, without what differs from run to run, and side by side. Pure.
import type { Printed } from './run-kubectl.ts';

/** Ages, identities, versions, times, places, and the width of columns, which follows from them. */
export function normalise(text: string): readonly string[] {
  return (
    text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(uid)')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})/g, '(time)')
      .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '(time)')
      .replaceAll(/("?resource ?version"?: +)"?\d+"?/gi, '$1(version)')
      .replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, '(server)')
      .replaceAll(/\/tmp\/(LIVE|MERGED|kubectl-edit)-\w+/g, '/tmp/$1')
      // a single space is YAML, whose durations are the user's
      .replaceAll(/(?<=\s)(?<!\S: )(\d+[smhdy])+(?=\s|$)/gm, '(age)')
      .replaceAll('+xtrinode', '')
      // a whole object in one line, its members in the order of Go's types or of none
      .replaceAll(/Invalid value: "\{.*\}": /g, 'Invalid value: (object): ')
      .split('\n')
      .map((line) => line.trimEnd().replaceAll(/(?<=\S) {2,}|^ {10,}/g, '  '))
      .filter((line) => line !== '' && !isLuck(line))
  );
}

/** Written by a controller when it gets to it, or by kubectl about a watch that it was ending. */
function isLuck(line: string): boolean {
  return /^\s*deployment\.kubernetes\.io\/revision: |^[IWE]\d{4} .* reflector\.go/.test(line);
}

/** Undefined when both printed the same and ended alike. */
export function compareSame(embedded: Printed, real: Printed): string | undefined {
  const [ours, theirs] = [normalise(embedded.text), normalise(real.text)];
  const isSame = embedded.exitCode === real.exitCode && ours.join('\n') === theirs.join('\n');
  return isSame ? undefined : sideBySide(embedded, real);
}

/** Undefined when every line of ours is a line of theirs, in order; `isLess` says whether any is missing. */
export function compareSome(embedded: Printed, real: Printed): { readonly difference?: string; readonly isLess: boolean } {
  const theirs = normalise(real.text);
  let at = 0;
  for (const line of normalise(embedded.text)) {
    at = theirs.indexOf(line, at) + 1;
    if (at === 0) return { difference: sideBySide(embedded, real), isLess: false };
  }
  if (embedded.exitCode !== real.exitCode) return { difference: sideBySide(embedded, real), isLess: false };
  return { isLess: theirs.length > normalise(embedded.text).length };
}

const width = 78;

const context = 3;

/** Two columns; lines that only one has are marked, and what is far from any such line is left out. */
export function sideBySide(embedded: Printed, real: Printed): string {
  const pairs = align(normalise(embedded.text), normalise(real.text));
  const isNear = (at: number): boolean => pairs.slice(Math.max(0, at - context), at + context + 1).some(([left, right]) => left !== right);
  const rows = pairs.flatMap(([left, right], at) => {
    if (isNear(at)) return [row(left, left === right ? ' ' : '!', right)];
    return isNear(at - 1) ? ['  ...'] : [];
  });
  return [row(`embedded (exit ${embedded.exitCode})`, '|', `real (exit ${real.exitCode})`), ...rows].join('\n');
}

function row(left: string | undefined, mark: string, right: string | undefined): string {
  return `  ${(left ?? '').slice(0, width).padEnd(width)} ${mark} ${right ?? ''}`.trimEnd();
}

type Pair = readonly [string | undefined, string | undefined];

/** Greedy: up to the next line that both have. Good enough to be read. */
function align(ours: readonly string[], theirs: readonly string[]): readonly Pair[] {
  const pairs: Pair[] = [];
  let [at, there] = [0, 0];
  while (at < ours.length || there < theirs.length) {
    const [left, right] = [ours[at], theirs[there]];
    const ahead = left === undefined ? -1 : theirs.indexOf(left, there);
    const behind = right === undefined ? -1 : ours.indexOf(right, at);
    if (left === right) {
      pairs.push([left, right]);
      [at, there] = [at + 1, there + 1];
    } else if (left === undefined || (ahead >= 0 && (behind < 0 || ahead - there <= behind - at))) {
      pairs.push([undefined, right]);
      there += 1;
    } else if (right === undefined || behind >= 0) {
      pairs.push([left, undefined]);
      at += 1;
    } else {
      pairs.push([left, right]);
      [at, there] = [at + 1, there + 1];
    }
  }
  return pairs;
}

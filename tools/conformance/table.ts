// From titles of tests and what became of them to a table of the conformance rows. Pure.
import type { Row } from './rows.ts';

export type Outcome = 'pass' | 'FAIL' | 'not run';

export interface NamedTest {
  readonly title: string;
  readonly outcome: Outcome;
}

/** How a row stands. 'in part': what its tests assert holds, and something is missing. */
export type Standing = 'pass' | 'in part' | 'open' | 'not run' | 'FAIL';

export interface JudgedRow extends Row {
  readonly standing: Standing;
  readonly tests: readonly NamedTest[];
}

export function rowsIn(title: string): number[] {
  return [...title.matchAll(/\[row (\d+)\]/g)].map(([, number]) => Number(number));
}

/** Titles in a test file that name a row. */
export function titlesIn(source: string): string[] {
  return [...source.matchAll(/(['`])((?:(?!\1)[^\n])*\[row \d+\])\1/g)].map(([, , title = '']) => title);
}

function standingOf({ missing }: Row, tests: readonly NamedTest[]): Standing {
  const has = (outcome: Outcome): boolean => tests.some((test) => test.outcome === outcome);
  if (has('FAIL')) return 'FAIL';
  if (tests.length === 0) return 'open';
  if (!has('pass')) return 'not run';
  return missing === undefined ? 'pass' : 'in part';
}

export function judgeRows(rows: readonly Row[], tests: readonly NamedTest[]): readonly JudgedRow[] {
  return rows.map((row) => {
    const own = tests.filter(({ title }) => rowsIn(title).includes(row.number));
    return { ...row, tests: own, standing: standingOf(row, own) };
  });
}

function plain(title: string): string {
  return title.replaceAll(/ \[row \d+\]/g, '');
}

function lineOf({ number, area, must, missing, standing, tests }: JudgedRow): string {
  const head = `${standing.padEnd(7)} ${String(number).padStart(2)}  ${area.padEnd(7)}  ${must}`;
  const below = [
    ...tests.map(({ title, outcome }) => `${outcome === 'pass' ? '' : `${outcome}: `}${plain(title)}`),
    ...(missing === undefined ? [] : [`missing: ${missing}`]),
  ];
  return [head, ...below.map((text) => `${' '.repeat(21)}${text}`)].join('\n');
}

const standings: readonly Standing[] = ['pass', 'in part', 'open', 'not run', 'FAIL'];

export function formatTable(judged: readonly JudgedRow[]): string {
  const counts = standings.map((standing) => `${judged.filter((row) => row.standing === standing).length} ${standing}`);
  return `${judged.map(lineOf).join('\n')}\n\n${judged.length} rows: ${counts.join(', ')}\n`;
}

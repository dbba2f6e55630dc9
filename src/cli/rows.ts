// Query results as text: an aligned table, CSV (RFC 4180) or one JSON object per line. Pure; rows are formatted as they
// come, so that a large result needs no memory.
import { displayWidth, pad, printable } from './table.ts';
import type { Column } from './statement.ts';

export type RowFormat = 'table' | 'csv' | 'json';
export type Row = readonly unknown[];

export interface RowFormatter {
  /** Text for these rows, perhaps empty while the table still measures. */
  add(rows: readonly Row[]): string;
  /** What is left, after the last row. */
  end(): string;
}

const numeric = /^(tinyint|smallint|integer|bigint|real|double|decimal|number)\b/;
/** Rows that decide the column widths of a table; later rows that need more simply take it. */
const measuredRows = 1_000;

export function createRowFormatter(format: RowFormat, columns: readonly Column[]): RowFormatter {
  if (format === 'table') return createTableFormatter(columns);
  const names = uniqueNames(columns);
  const line = format === 'csv' ? csvLine : (row: Row): string => `${jsonObject(names, row)}\n`;
  return { add: (rows) => rows.map(line).join(''), end: () => '' };
}

/** Printed before the first row, also when there is none. */
export function formatHeader(format: RowFormat, columns: readonly Column[]): string {
  return format === 'csv' ? csvLine(columns.map((column) => column.name)) : '';
}

function createTableFormatter(columns: readonly Column[]): RowFormatter {
  let held: string[][] = [];
  let widths: number[] | undefined;
  const aligns = columns.map((column) => (numeric.test(column.type) ? 'right' : 'left'));
  const line = (cells: readonly string[], sizes: readonly number[]): string =>
    `${cells
      .map((cell, index) => pad(cell, sizes[index] ?? 0, aligns[index]))
      .join(' | ')
      .trimEnd()}\n`;
  function release(): string {
    const names = columns.map((column) => printable(column.name));
    const sizes = names.map((name, index) => Math.max(displayWidth(name), ...held.map((row) => displayWidth(row[index] ?? ''))));
    widths = sizes;
    const rule = `${sizes.map((size) => '-'.repeat(size)).join('-+-')}\n`;
    const text = line(names, sizes) + rule + held.map((row) => line(row, sizes)).join('');
    held = [];
    return text;
  }
  return {
    add(rows) {
      const cells = rows.map((row) => row.map((value) => printable(cellText(value))));
      if (widths !== undefined) return cells.map((row) => line(row, widths ?? [])).join('');
      held.push(...cells);
      return held.length >= measuredRows ? release() : '';
    },
    end: () => (widths === undefined ? release() : ''),
  };
}

/** NULL is told from the text "NULL" by nothing else in a table; CSV and JSON have their own ways. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return jsonText(value);
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : '';
}

function csvLine(row: Row): string {
  return `${row.map(csvField).join(',')}\r\n`;
}

/** NULL is an empty field, the empty string a quoted one. */
function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = cellText(value);
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonObject(names: readonly string[], row: Row): string {
  return `{${names.map((name, index) => `${JSON.stringify(name)}:${jsonText(row[index] ?? null)}`).join(',')}}`;
}

/** JSON.stringify that writes a bigint as the number it is. */
function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}:${jsonText(part)}`)
    .join(',')}}`;
}

/** SQL allows a column name twice, a JSON object does not: a, a_2, a_3. */
function uniqueNames(columns: readonly Column[]): readonly string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name}_${count}`;
    taken.add(unique);
    return unique;
  });
}

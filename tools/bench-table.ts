// A benchmark's result as two Markdown tables: every figure of every run, and which limits hold. Pure.
import type { BenchResult } from '../test/bench/bench.ts';

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** `residentAfterRestartMb` is `resident after restart mb`. */
function inWords(figure: string): string {
  return figure.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function formatBenchTable({ what, runs, limits }: BenchResult): string {
  const figures = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  return [
    what,
    '',
    row(['figure', ...runs.map((_, index) => `run ${index + 1}`)]),
    row(['---', ...runs.map(() => '---:')]),
    ...figures.map((figure) => row([inWords(figure), ...runs.map((run) => run[figure] ?? '')])),
    '',
    row(['limit', 'measured', 'at most', 'holds']),
    row(['---', '---:', '---:', '---']),
    ...limits.map(({ name, value, most, unit }) => row([name, `${value} ${unit}`.trim(), most, value <= most ? 'yes' : '**no**'])),
    '',
  ].join('\n');
}

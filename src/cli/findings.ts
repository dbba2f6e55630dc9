// What doctor found, as lines. Pure.
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was looked at, e.g. 'JDK'. */
  readonly subject: string;
  readonly found: string;
  /** What to do about it; for anything that is not ok. */
  readonly mend?: string;
}

export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ subject }) => subject.length));
  return findings
    .map(
      ({ level, subject, found, mend }) =>
        `${level.padEnd(4)}  ${subject.padEnd(width)}  ${found}\n${mend === undefined ? '' : `${' '.repeat(8 + width)}${mend}\n`}`,
    )
    .join('');
}

const gibibyte = 1024 ** 3;

/** A coordinator and a worker of the smallest local shape need about 2 GiB together. */
export function judgeMemory(availableBytes: number): Finding {
  const found = `${(availableBytes / gibibyte).toFixed(1)} GiB available`;
  if (availableBytes >= 4 * gibibyte) return { level: 'ok', subject: 'memory', found };
  const mend = 'Close other programs, or give "up" less with --memory.';
  return { level: availableBytes >= 2 * gibibyte ? 'warn' : 'fail', subject: 'memory', found: `${found}, 4 GiB recommended`, mend };
}

export function judgeDisk(availableBytes: number, neededBytes: number, directory: string): Finding {
  const found = `${(availableBytes / gibibyte).toFixed(1)} GiB free for ${directory}`;
  if (availableBytes >= 2 * neededBytes) return { level: 'ok', subject: 'disk', found };
  const mend = 'Free some space, or choose another place with XTRINODE_CACHE.';
  return {
    level: availableBytes >= neededBytes ? 'warn' : 'fail',
    subject: 'disk',
    found: `${found}, ${(neededBytes / gibibyte).toFixed(1)} GiB needed`,
    mend,
  };
}

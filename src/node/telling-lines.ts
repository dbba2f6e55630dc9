// The few lines of a dead container's log that say why it died, for `lastState.terminated.message`. Pure.

/** Kubernetes' own bound of a termination message is 4 KiB; half of it is plenty to read. */
const MAX_CHARS = 2048;
const MAX_LINES = 12;

// Airlift prints start-up errors as a numbered list; Java prints exceptions; the JVM prints its own refusals.
const TELLING: readonly RegExp[] = [
  /^\d+\) /,
  /Configuration property '.*' was not used/,
  /^Caused by: /,
  /^(?:Exception in thread|[\w.$]+(?:Exception|Error)(?::|$))/,
  /\bERROR\b/,
  /^Error: |^Error occurred during initialization|^Unrecognized|^Invalid |OutOfMemoryError|BindException|Address already in use/,
];
const FRAME = /^\s+at |^\s*\.\.\. \d+ (?:more|common frames)/;

/** Lines in their order, without stack frames and repetitions, at most 2 KiB; the last lines when none stands out. */
export function pickTellingLines(lines: readonly string[]): string {
  const candidates = lines.map((line) => line.trimEnd()).filter((line) => line !== '' && !FRAME.test(line));
  const telling = [...new Set(candidates.filter((line) => TELLING.some((pattern) => pattern.test(line))))];
  const chosen = telling.length > 0 ? telling.slice(-MAX_LINES) : candidates.slice(-5);
  const kept: string[] = [];
  let length = 0;
  for (const line of chosen.toReversed()) {
    const short = line.length > 500 ? `${line.slice(0, 497)}...` : line;
    if (length + short.length + 1 > MAX_CHARS) break;
    kept.unshift(short);
    length += short.length + 1;
  }
  return kept.join('\n');
}

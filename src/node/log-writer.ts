// Writes one container run's output: each line with the time it came, into <file>, which becomes <file>.1 when it is full.
// Runs inside the supervisor. A line without its end is written when it gets long, as container runtimes do.
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

export interface LogWriter {
  /** Takes what one stream gave. */
  write(stream: 'stdout' | 'stderr', chunk: string): void;
  close(): void;
}

export interface LogWriterOptions {
  readonly file: string;
  readonly maxBytes: number;
  readonly now: () => number;
}

const MAX_LINE_CHARS = 16 * 1024;

export function createLogWriter(options: LogWriterOptions): LogWriter {
  let descriptor = openSync(options.file, 'a', 0o600);
  let size = statSync(options.file).size;
  const partial = { stdout: '', stderr: '' };

  function writeLines(lines: readonly string[]): void {
    const at = new Date(options.now()).toISOString();
    const bytes = Buffer.from(lines.map((line) => `${at} ${line}\n`).join(''));
    try {
      append(bytes);
    } catch (error) {
      // these lines are lost, but a full disk must not end what is running
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  function append(bytes: Buffer): void {
    if (size > 0 && size + bytes.length > options.maxBytes) {
      closeSync(descriptor);
      renameSync(options.file, `${options.file}.1`);
      descriptor = openSync(options.file, 'a', 0o600);
      size = 0;
    }
    writeSync(descriptor, bytes);
    size += bytes.length;
  }

  return {
    write(stream, chunk) {
      const lines = (partial[stream] + chunk).split('\n');
      partial[stream] = lines.pop() ?? '';
      while (partial[stream].length > MAX_LINE_CHARS) {
        lines.push(partial[stream].slice(0, MAX_LINE_CHARS));
        partial[stream] = partial[stream].slice(MAX_LINE_CHARS);
      }
      if (lines.length > 0) writeLines(lines);
    },
    close() {
      const rest = [partial.stdout, partial.stderr].filter((text) => text !== '');
      if (rest.length > 0) writeLines(rest);
      closeSync(descriptor);
    },
  };
}

// Lines to somewhere that may be slow: nobody waits for it and it never takes more than a bounded piece of memory. What does not fit
// is dropped and counted. Lines stay whole, and in their order.

export interface UnhurriedLines {
  write(line: string): void;
  readonly dropped: number;
}

export interface UnhurriedLinesInit {
  /** Calls back when it has taken the text; with an error when it has not. */
  readonly out: (text: string, done: (error?: unknown) => void) => void;
  /** Characters that may wait. */
  readonly maxWaiting?: number;
}

const usualMaxWaiting = 1024 * 1024;

export function createUnhurriedLines({ out, maxWaiting = usualMaxWaiting }: UnhurriedLinesInit): UnhurriedLines {
  let waiting: string[] = [];
  let size = 0;
  let dropped = 0;
  let isWriting = false;

  function done(lines: number, error: unknown): void {
    if (error !== undefined && error !== null) dropped += lines;
    isWriting = false;
    if (waiting.length > 0) flush();
  }

  function flush(): void {
    const { length } = waiting;
    const text = waiting.join('');
    waiting = [];
    size = 0;
    isWriting = true;
    out(text, (error) => done(length, error));
  }

  return {
    write(line) {
      if (size + line.length > maxWaiting) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      size += line.length;
      if (!isWriting) flush();
    },
    get dropped() {
      return dropped;
    },
  };
}

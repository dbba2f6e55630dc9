// Files that somebody else replaces while we run: tokens and certificates. Read again once a minute, and a file that is
// missing for a moment (a kubelet swaps them) keeps its last content.
import { readFile } from 'node:fs/promises';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';

export interface RotatingFiles {
  /** Throws the error of the file system when it was never read. */
  read(path: string): Promise<string>;
  /** The next read looks at the disk. */
  expire(): void;
}

/** A kubelet renews a token at 80 % of its life, at least 10 min; client-go looks once a minute, too. */
const maxAgeMs = 60_000;

export function createRotatingFiles(clock: Clock, log: Log): RotatingFiles {
  const known = new Map<string, { content: string; readAt: EpochMs | undefined }>();
  return {
    async read(path) {
      const last = known.get(path);
      if (last?.readAt !== undefined && clock.now() - last.readAt < maxAgeMs) return last.content;
      const readAt = clock.now();
      try {
        const content = await readFile(path, 'utf8');
        known.set(path, { content, readAt });
        return content;
      } catch (error) {
        if (last === undefined) throw error;
        log.warn('cannot read a credential again, going on with the last one', { path, error });
        last.readAt = readAt;
        return last.content;
      }
    },
    expire() {
      for (const one of known.values()) one.readAt = undefined;
    },
  };
}

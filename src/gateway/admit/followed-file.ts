// One small text file that is read again whenever it changes: how a mounted Secret or ConfigMap is followed. What cannot be read
// changes nothing and is told. Shell.
import { readFileSync } from 'node:fs';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { followFile } from '../follow-file.ts';

export interface FollowedFileInit {
  readonly file: string;
  /** Completes "the file with ...". */
  readonly what: string;
  readonly take: (text: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FollowedFile {
  /** Throws when its directory cannot be watched. */
  start(): void;
  stop(): void;
}

export function createFollowedFile({ file, what, take, clock, log }: FollowedFileInit): FollowedFile {
  let endFollowing: (() => void) | undefined;
  let last: string | undefined;

  function read(): void {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      log.error(`the file with ${what} cannot be read; what was read before stays in force`, { file, error });
      return;
    }
    if (text === last) return;
    last = text;
    take(text);
  }

  return {
    start() {
      const onError = (error: Error): void => log.error(`the file with ${what} is no longer watched: restart the gateway`, { file, error });
      endFollowing = followFile({ file, clock, onChange: read, onError });
      read();
    },
    stop: () => endFollowing?.(),
  };
}

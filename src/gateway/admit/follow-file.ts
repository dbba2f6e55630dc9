// One small text file that is read again whenever it changes: how a mounted Secret or ConfigMap is followed. What cannot be read
// changes nothing and is told. Shell.
import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';

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

/** Editors and the kubelet change a file in several steps; what lies between them need not be read. */
const settleMs = 100;

export function createFollowedFile({ file, what, take, clock, log }: FollowedFileInit): FollowedFile {
  let watcher: FSWatcher | undefined;
  let cancelRead: (() => void) | undefined;
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
      // The directory, because a file that is replaced by another one of its name is not the one that is watched.
      watcher = watch(dirname(file), () => {
        cancelRead?.();
        cancelRead = clock.after(settleMs, read);
      });
      watcher.on('error', (error) => log.error(`the file with ${what} is no longer watched: restart the gateway`, { file, error }));
      read();
    },
    stop() {
      cancelRead?.();
      watcher?.close();
    },
  };
}

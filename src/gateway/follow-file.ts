// Tells when a file may have changed, however it is replaced: written in place, renamed over, or as a mounted ConfigMap or Secret, whose
// directory changes. Shell.
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '#core/clock.ts';

export interface FollowFileInit {
  readonly file: string;
  readonly clock: Clock;
  readonly onChange: () => void;
  /** It is no longer followed. */
  readonly onError: (error: Error) => void;
}

/** Editors and mounted ConfigMaps change a file in several steps; what lies between them need not be read. */
const settleMs = 100;

/** Throws when the directory of the file cannot be watched. Ends with the returned function. */
export function followFile({ file, clock, onChange, onError }: FollowFileInit): () => void {
  let cancelRead: (() => void) | undefined;
  // The directory, because a file that is replaced by another one of its name is not the one that is watched.
  const watcher = watch(dirname(file), () => {
    cancelRead?.();
    cancelRead = clock.after(settleMs, onChange);
  });
  watcher.on('error', onError);
  return () => {
    cancelRead?.();
    watcher.close();
  };
}

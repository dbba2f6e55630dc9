// Standard output for what nobody may wait for: the stream of the process blocks on a pipe that nobody reads.
import { writeFile } from 'node:fs';

/** Calls back when all of it is taken, or with the error. */
export function writeOutLater(text: string, done: (error?: unknown) => void): void {
  writeFile(1, text, done);
}

// The seal keys of gateways that get their routes from a file: read once, since who changes them starts the gateways again anyway.
import { readFileSync } from 'node:fs';
import { parseSealKeysFile } from '#gateway/hold/seal-keys-file.ts';
import type { SealKeys } from '#gateway/hold/seal-keys.ts';
import { SetupError } from '#node/setup-error.ts';

const what = 'the gateway cannot share the statements that wait with others';
const mend = 'Make a file with a key, such as by `openssl rand -base64 32`, and give the same to each gateway: --seal-keys-file FILE.';

/** Throws SetupError for a file that cannot be used. */
export function readSealKeys(file: string): SealKeys {
  const ring = parseSealKeysFile(readText(file));
  if (typeof ring === 'string') throw new SetupError({ what, why: `${file}: ${ring}.`, mend });
  return { ring: () => ring, start: () => Promise.resolve(), stop: () => undefined };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SetupError({ what, why: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, mend, cause });
  }
}

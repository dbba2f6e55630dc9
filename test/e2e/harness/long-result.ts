// A result that a client is still in the middle of while something happens: long enough on a slow line, read in a few seconds on a fast one.
// It costs Trino little, so that what happens meanwhile is not slower than it need be.
import assert from 'node:assert/strict';
import type { Place, SessionClient, Sessions } from '../clients/sessions.ts';

/** 56 MB; 400 KB/s make minutes of it. */
export const longRows = 1_600;
export const slowLine = { bytesPerSecond: 400_000 } as const;

/** `mark` names its column and finds it again among a coordinator's queries. What the rows hold cannot be packed much. */
export function longResult(mark: string): string {
  const filler = "array_join(transform(sequence(1, 400), i -> to_base64(sha512(to_utf8(CAST(n * 1000 + i AS varchar))))), '')";
  return `SELECT ${filler} AS ${mark} FROM UNNEST(sequence(1, ${longRows})) AS t (n)`;
}

/** What a client makes of it: how many rows, and their hash in its own form. */
export async function readLongResult(sessions: Sessions, client: SessionClient | 'cli', place: Place, mark: string): Promise<string> {
  if (client === 'cli') {
    const { code, out, notes } = await sessions.cliDigest(place, longResult(mark));
    assert.equal(code, 0, notes);
    return out;
  }
  const [answer] = await sessions.run(client, place, [{ kind: 'digest', text: longResult(mark) }]);
  assert.equal(answer?.error, undefined);
  return `${answer?.count} ${answer?.digest}`;
}

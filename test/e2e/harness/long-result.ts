// A result that a client is still in the middle of while something happens: long enough on a slow line, read in a few seconds on a fast one.
// It costs Trino little, so that what happens meanwhile is not slower than it need be.

/** 56 MB; 400 KB/s make minutes of it. */
export const longRows = 1_600;
export const slowLine = { bytesPerSecond: 400_000 } as const;

/** `mark` names its column and finds it again among a coordinator's queries. What the rows hold cannot be packed much. */
export function longResult(mark: string): string {
  const filler = "array_join(transform(sequence(1, 400), i -> to_base64(sha512(to_utf8(CAST(n * 1000 + i AS varchar))))), '')";
  return `SELECT ${filler} AS ${mark} FROM UNNEST(sequence(1, ${longRows})) AS t (n)`;
}

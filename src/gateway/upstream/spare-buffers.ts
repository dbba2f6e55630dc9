// Places for what has come before somebody reads it, used again and again: a new one for each page counts as memory outside of the heap, of
// which a little more is enough to make V8 collect all garbage, several times a second. Bounded; at rest it keeps what it has.

/** As much as one read takes from the kernel. */
export const spareBytes = 64 * 1024;
const maxSpares = 16;

const spares: Buffer[] = [];

/** A copy of `bytes`, at most `spareBytes`. Whoever has it gives it back, or leaves it to the garbage where others may still need it. */
export function copyToSpare(bytes: Buffer): Buffer {
  const spare = spares.pop() ?? Buffer.allocUnsafeSlow(spareBytes);
  bytes.copy(spare);
  return spare.subarray(0, bytes.length);
}

/** Nobody needs it any more. */
export function giveBack(copy: Buffer): void {
  if (spares.length < maxSpares) spares.push(Buffer.from(copy.buffer, 0, spareBytes));
}

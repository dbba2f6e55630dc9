// Places for what has come before somebody reads it, used again and again: new ones for each page count as memory outside of the heap, of
// which a little is enough to make V8 collect all garbage, every second. Bounded; at rest it keeps what it has.

/** As much as one read takes from the kernel. */
export const spareBytes = 64 * 1024;
const maxSpares = 16;

const spares: Buffer[] = [];

/** Whoever has it gives it back, or leaves it to the garbage where others may still need what is in it. */
export function takeSpare(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(spareBytes);
}

/** Nobody needs what is in it any more. */
export function giveBack(spare: Buffer): void {
  if (spares.length < maxSpares) spares.push(spare);
}

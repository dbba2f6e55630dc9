// Bytes that come in pieces, joined to one: however small the pieces are, each byte is copied a few times at most. Takes room as it
// grows, and gives it back when its owner says so. Knows nothing of what the bytes mean.

export class Gathering {
  #room: ArrayBufferLike | undefined;

  /** `kept` with `more` behind it, in a copy of its own. `kept`: any bytes, or what is left of those that this gave last. */
  append(kept: Buffer, more: Buffer): Buffer {
    const size = kept.length + more.length;
    const hasRoom = kept.buffer === this.#room && kept.byteOffset + size <= this.#room.byteLength;
    const room = hasRoom ? kept : Buffer.allocUnsafeSlow(size * 2);
    if (!hasRoom) kept.copy(room);
    const whole = Buffer.from(room.buffer, room.byteOffset, size);
    more.copy(whole, kept.length);
    this.#room = room.buffer;
    return whole;
  }

  release(): void {
    this.#room = undefined;
  }
}

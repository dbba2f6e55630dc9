// Bytes as an authenticated and encrypted text that fits into an address: AES-256-GCM, bound to the id of its statement.
// Knows nothing of what the bytes mean (sealed-statement.ts).
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { SealKey } from './seal-key.ts';

/**
 * Longest sealed text, in characters: with the rest of the address it stays below the 8 KiB that common proxies allow for a
 * request line (nginx, Apache, Jetty), and far below this server's own limit.
 */
export const maxSealedLength = 6 * 1024;

const nonceBytes = 12;
const tagBytes = 16;
/** What may be sealed at most, and what is worth an attempt to compress: SQL becomes four to eight times smaller. */
export const maxPlainBytes = 32 * 1024;
const plain = 0;
const compressed = 1;

/** A window of 32 KiB; the default one would allocate megabytes for each. */
const brotliParams = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 15 };

function lengthOf(bytes: number): number {
  return Math.ceil(((1 + nonceBytes + bytes + tagBytes) * 4) / 3);
}

/** Small ones are not compressed: that would cost more than the rest of the sealing. */
function pack(bytes: Buffer): { readonly form: number; readonly packed: Buffer } | undefined {
  if (lengthOf(bytes.length) <= maxSealedLength) return { form: plain, packed: bytes };
  if (bytes.length > maxPlainBytes) return undefined;
  const packed = brotliCompressSync(bytes, { params: brotliParams });
  return lengthOf(packed.length) <= maxSealedLength ? { form: compressed, packed } : undefined;
}

/** Characters of [A-Za-z0-9_-]; undefined when it would be too long. */
export function seal(key: SealKey, id: string, bytes: Buffer): string | undefined {
  const content = pack(bytes);
  if (content === undefined) return undefined;
  const { form, packed } = content;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce);
  cipher.setAAD(Buffer.from(`${form} ${id}`));
  const sealed = [Buffer.from([form]), nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/** Undefined for whatever was not sealed with this key for this id. Throws nothing. */
export function open(key: SealKey, id: string, text: string): Buffer | undefined {
  const sealed = Buffer.from(text, 'base64url');
  // Two spellings of the same bytes are two addresses: only ours is accepted.
  if (sealed.length < 1 + nonceBytes + tagBytes || sealed.toString('base64url') !== text) return undefined;
  const form = sealed[0] as number;
  const decipher = createDecipheriv('aes-256-gcm', key.sealing, sealed.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(`${form} ${id}`));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const packed = [decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes))];
  try {
    packed.push(decipher.final());
  } catch {
    // Not authentic: who asks learns nothing more than that.
    return undefined;
  }
  const bytes = Buffer.concat(packed);
  return form === compressed ? brotliDecompressSync(bytes, { maxOutputLength: maxPlainBytes }) : bytes;
}

// The keys under which held statements travel in their addresses: one to seal with, all that may still open. Pure but for the
// crypto of Node; knows neither where keys come from (seal-keys.ts) nor what is sealed.
import { createHash, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto';

export interface SealKey {
  /** Eight hex digits that name the key in an address and tell nothing of it. */
  readonly id: string;
  /** For AES-256-GCM. Made once: from bytes, Node would make one at each use, which costs several times what it is used for. */
  readonly sealing: KeyObject;
  /** For the keyed hash of a page's address, hex: always as long. */
  readonly signing: string;
}

export interface KeyRing {
  readonly current: SealKey;
  find(id: string): SealKey | undefined;
  /** Whether other replicas, and this one after a restart, have the key too. */
  readonly isShared: boolean;
  /** False while this gateway has just started and does not know yet which keys there are. */
  readonly isComplete: boolean;
}

export const sealSecretBytes = 32;

function derive(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `xtrinode/${purpose}`, 32));
}

/** `secret`: 32 random bytes. */
export function createSealKey(secret: Uint8Array): SealKey {
  const id = createHash('sha256').update('xtrinode/key-id').update(secret).digest('hex').slice(0, 8);
  return { id, sealing: createSecretKey(derive(secret, 'sealing')), signing: derive(secret, 'signing').toString('hex') };
}

export interface KeyRingInit {
  readonly current: SealKey;
  /** Those that may still open. */
  readonly others?: readonly SealKey[];
  readonly isShared: boolean;
  readonly isComplete?: boolean;
}

export function createKeyRing({ current, others = [], isShared, isComplete = true }: KeyRingInit): KeyRing {
  const byId = new Map([...others, current].map((key) => [key.id, key]));
  return { current, isShared, isComplete, find: (id) => byId.get(id) };
}

const signatureBytes = 20;

/**
 * 160 bits, hex: more than Trino's own slugs have. SHAKE256 takes its key in front of the text, since what it makes cannot be continued
 * with more text, as that of SHA-2 can (FIPS 202; Keccak's authors). In one call: an Hmac of Node's is a stream, and three times the
 * work where it is seldom made (decision 0031).
 */
export function sign(key: SealKey, text: string): string {
  return hash('shake256', key.signing + text, { outputLength: signatureBytes });
}

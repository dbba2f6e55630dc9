// The keys under which held statements travel in their addresses: one to seal with, all that may still open. Pure but for the
// crypto of Node; knows neither where keys come from (seal-keys.ts) nor what is sealed.
import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export interface SealKey {
  /** Eight hex digits that name the key in an address and tell nothing of it. */
  readonly id: string;
  // Both of them made once: from bytes, Node would make one at each use, which costs several times what it is used for.
  /** For AES-256-GCM. */
  readonly sealing: KeyObject;
  /** For the keyed hash of a page's address. */
  readonly signing: KeyObject;
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

function derive(secret: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `xtrinode/${purpose}`, 32)));
}

/** `secret`: 32 random bytes. */
export function createSealKey(secret: Uint8Array): SealKey {
  const id = createHash('sha256').update('xtrinode/key-id').update(secret).digest('hex').slice(0, 8);
  return { id, sealing: derive(secret, 'sealing'), signing: derive(secret, 'signing') };
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

/** 160 bits, hex: more than Trino's own slugs have. Not cut out of a longer text, which it would keep in memory. */
export function sign(key: SealKey, text: string): string {
  return createHmac('sha256', key.signing).update(text).digest().toString('hex', 0, signatureBytes);
}

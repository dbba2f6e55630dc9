// Seal keys from a file, for gateways that get their routes from one: whoever has the same file goes on with what waits at another. Pure.
import { createKeyRing, createSealKey, sealSecretBytes, type KeyRing } from './seal-key.ts';

/** The first line seals, all of them open; empty lines and those with # are passed over. Or one sentence on what is wrong. */
export function parseSealKeysFile(text: string): KeyRing | string {
  const lines = text.split('\n').map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => Buffer.from(line, 'base64'));
  const bad = secrets.findIndex((secret) => secret.length !== sealSecretBytes);
  // Its number alone: a key that is nearly right is nearly a secret.
  if (bad >= 0) return `key ${bad + 1} is not ${sealSecretBytes} bytes in base64`;
  const [current, ...others] = secrets.map(createSealKey);
  return current === undefined ? 'it holds no key' : createKeyRing({ current, others, isShared: true });
}

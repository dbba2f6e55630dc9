// API keys as they are written and as they are compared: only SHA-256 hashes are kept, whatever was written. Pure.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isUsableName } from './identity.ts';

export interface ApiKey {
  readonly id: string;
  /** Put before the key when it is hashed; empty for a plain hash. */
  readonly salt: string;
  readonly hash: Buffer;
}

export interface ApiKeys {
  readonly keys: readonly ApiKey[];
  /** Ids whose keys stand there readable. */
  readonly readable: readonly string[];
}

/** Shorter ones could be guessed; 16 random bytes are 22 characters of base64. */
const minKeyLength = 16;

function hashOf(salt: string, key: string): Buffer {
  return createHash('sha256').update(salt).update(key).digest();
}

/** One of the texts between the commas; a string says what is wrong with it and never quotes it. */
function parseOne(id: string, text: string): ApiKey | string {
  if (text.startsWith('sha256:')) {
    const [, salt = '', hex = ''] = /^sha256:(?:([\w.-]{1,64}):)?([0-9a-fA-F]{64})$/.exec(text) ?? [];
    return hex === ''
      ? 'is no hash: sha256:HEX or sha256:SALT:HEX, with 64 hexadecimal digits'
      : { id, salt, hash: Buffer.from(hex, 'hex') };
  }
  if (text.length < minKeyLength) return `is shorter than ${minKeyLength} characters`;
  return /^[!-~]+$/.test(text) ? { id, salt: '', hash: hashOf('', text) } : 'has blanks or characters that no header may carry';
}

/**
 * Lines `id: "key,key"`; blank ones and those that begin with # are left out. A key is `sha256:HEX`, `sha256:SALT:HEX`
 * (SHA-256 of salt and key, one after the other), or the key itself, as the reference has it. A string lists what is wrong.
 */
export function parseApiKeys(text: string): ApiKeys | string {
  const keys: ApiKey[] = [];
  const readable = new Set<string>();
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const [index, line] of text
    .split('\n')
    .map((one) => one.trim())
    .entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const where = `line ${index + 1}`;
    const [, id = '', quoted = ''] = /^["']?([^:"']+?)["']?\s*:\s*(.*)$/.exec(line) ?? [];
    if (!isUsableName(id)) {
      problems.push(`${where} is not of the form id: "key,key"`);
      continue;
    }
    for (const [at, one] of quoted
      .replace(/^(["'])(.*)\1$/, '$2')
      .split(',')
      .entries()) {
      const key = parseOne(id, one.trim());
      if (typeof key === 'string') {
        problems.push(`${where} (${id}): key ${at + 1} ${key}`);
        continue;
      }
      const print = `${key.salt}:${key.hash.toString('hex')}`;
      const owner = owners.get(print) ?? id;
      if (owner !== id) problems.push(`${where}: ${id} and ${owner} have the same key`);
      owners.set(print, id);
      if (!one.trim().startsWith('sha256:')) readable.add(id);
      keys.push(key);
    }
  }
  if (problems.length > 0) return problems.join('; ');
  return keys.length === 0 ? 'it has no keys' : { keys, readable: [...readable] };
}

/** Whose key it is. Every key is compared, and in constant time, so that the answer's time tells nothing about any. */
export function ownerOf(keys: readonly ApiKey[], shown: string): string | undefined {
  const plain = hashOf('', shown);
  let owner: string | undefined;
  for (const { id, salt, hash } of keys) if (timingSafeEqual(hash, salt === '' ? plain : hashOf(salt, shown))) owner = id;
  return owner;
}

// The part of a held statement's address that makes it a capability: `x<signature><key id>.<content>`. The signature binds the
// page's number, so that an address can neither be guessed nor advanced; the content is the statement itself, sealed, or a
// random name when it stays on its replica (design D4), or an end that
// is told on that page. `/`, `.` alone and `/executing` cannot occur in it. Shell (crypto).
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '#core/clock.ts';
import { sign, type KeyRing, type SealKey } from './seal-key.ts';
import type { SteadyClock } from '#observe/steady-clock.ts';
import { formatDatedEnd, parseDatedEnd, type DatedEnd } from './dated-end.ts';
import { decode, encodeStatement, sealableHeaders, type SealedStatement } from './sealed-statement.ts';
import { maxPlainBytes, open, seal } from './sealed-token.ts';

export interface HeldAddresses {
  /** What stands for a statement in all its addresses. */
  sealStatement(id: string, statement: SealedStatement): string;
  /** The same for a statement that has ended: whoever has the address can read it, and nobody can make one. */
  writeEnd(end: DatedEnd): string;
  /** What makes the address of one page good, and no other's. */
  sign(id: string, capability: string, token: number): string;
  /** The capability of an address that a gateway with one of our keys has given out; undefined for any other. */
  read(id: string, slug: string, token: number): string | undefined;
  /** What is in one that was read out of its address; undefined when it stays on the replica that took it. */
  open(id: string, capability: string): SealedStatement | DatedEnd | undefined;
  /** Whether another replica, or this one after a restart, can go on with it. */
  canTravel(capability: string): boolean;
}

/** Address segment of one page. */
export function formatSlug(signature: string, capability: string): string {
  return `x${signature}${capability}`;
}

/** Whether it is the one that was made of these. Takes as long for a signature that is wrong in its last letter as in its first. */
export function isSlugOf(slug: string, signature: string, capability: string): boolean {
  const start = 1 + signature.length;
  if (slug.length !== start + capability.length) return false;
  let differences = 0;
  for (let at = 1; at < start; at += 1) differences |= slug.charCodeAt(at) ^ signature.charCodeAt(at - 1);
  return differences === 0 && slug.startsWith('x') && slug.endsWith(capability);
}

const slugForm = /^x([0-9a-f]{40})(([0-9a-f]{8})\.[ske][\w-]+)$/;
const capabilityForm = /^([0-9a-f]{8})\.([ske])([\w-]+)$/;

/** An arrival is sealed in the time of the machine, which is what gateways have in common, and opened in that of the clock. */
export function createHeldAddresses(keys: () => KeyRing, clock: Pick<SteadyClock, 'now' | 'wall'>): HeldAddresses {
  function toWall<T extends { readonly arrivedAt: EpochMs }>(one: T): T {
    return { ...one, arrivedAt: one.arrivedAt + clock.wall() - clock.now() };
  }

  /** Nothing arrives later than now: a gateway whose time is ahead prolongs nobody's patience. */
  function fromWall<T extends { readonly arrivedAt: EpochMs }>(one: T): T {
    return { ...one, arrivedAt: clock.now() - Math.max(0, clock.wall() - one.arrivedAt) };
  }

  function signature(key: SealKey, id: string, capability: string, token: number): string {
    return sign(key, `${id}/${token}/${capability}`);
  }

  /** Too large ones get a name that nobody can guess and that no other statement of any replica has. */
  function capabilityOf(key: SealKey, sealed: string | undefined): string {
    return sealed === undefined ? `${key.id}.k${randomBytes(12).toString('base64url')}` : `${key.id}.s${sealed}`;
  }

  return {
    sealStatement(id, statement) {
      const key = keys().current;
      const headers = statement.body.length > maxPlainBytes ? undefined : sealableHeaders(statement.headers);
      return capabilityOf(key, headers === undefined ? undefined : seal(key, id, encodeStatement(toWall({ ...statement, headers }))));
    },
    writeEnd: (end) => `${keys().current.id}.e${formatDatedEnd(toWall(end))}`,
    sign(id, capability, token) {
      return signature(keys().find(capability.slice(0, 8)) ?? keys().current, id, capability, token);
    },
    read(id, slug, token) {
      const [, signed = '', capability = '', keyId = ''] = slugForm.exec(slug) ?? [];
      const key = keys().find(keyId);
      if (key === undefined) return undefined;
      return timingSafeEqual(Buffer.from(signed), Buffer.from(signature(key, id, capability, token))) ? capability : undefined;
    },
    open(id, capability) {
      const [, keyId = '', form, text = ''] = capabilityForm.exec(capability) ?? [];
      const key = keys().find(keyId);
      if (form === 'k' || key === undefined) return undefined;
      const bytes = form === 'e' ? undefined : open(key, id, text);
      const content = form === 'e' ? parseDatedEnd(text) : bytes && decode(bytes);
      return content === undefined ? undefined : fromWall(content);
    },
    canTravel: (capability) => keys().isShared && /^.{8}\.[se]/.test(capability),
  };
}

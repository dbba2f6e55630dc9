// What the addresses of a login of the gateway's own carry, sealed with the keys that all replicas have: so any of them serves any leg
// (design D4). Each leg has a purpose of its own: from the browser's address nobody makes the client's, by which the token is had.
import type { EpochMs } from '#core/clock.ts';
import type { KeyRing } from '../hold/seal-key.ts';
import { open, seal } from '../hold/sealed-token.ts';

export interface Login {
  /** Random, and known to gateways alone: addresses have it sealed. */
  readonly id: string;
  /** In the time of the machine, which gateways have in common. */
  readonly begunAt: EpochMs;
  /** Address of the client that asks for it. */
  readonly client: string;
}

/** What goes to the issuer as `state` and comes back with the code. */
export interface LoginState extends Login {
  /** Of PKCE (RFC 7636): the code is worth nothing without it. */
  readonly verifier: string;
  /** That the identity token must name (OpenID Connect Core 3.1.2.1). */
  readonly nonce: string;
  /** https://gateway.example.com, as the browser knows the gateway. */
  readonly origin: string;
}

export type Leg = 'client' | 'browser';

export interface SealedLogins {
  /** Undefined when an address would be too long. */
  sealLeg(leg: Leg, login: Login): string | undefined;
  sealState(state: LoginState): string | undefined;
  /** A string says why it does not go on. */
  openLeg(leg: Leg, text: string): Login | string;
  openState(text: string): LoginState | string;
}

/** As Trino's own challenge-timeout. */
export const maxLoginMs = 15 * 60_000;

const form = /^x([0-9a-f]{8})\.([\w-]+)$/;
const isStrange = 'its address is wrong, or was made by a gateway with other keys';

/** Whether it was made here or by another replica; Trino's own ids are UUIDs and hashes, its states tokens of three parts. */
export function isOwnLogin(text: string): boolean {
  return form.test(text);
}

export function createSealedLogins(keys: () => KeyRing, wall: () => EpochMs): SealedLogins {
  function sealFor(purpose: string, content: object): string | undefined {
    const key = keys().current;
    const sealed = seal(key, `login/${purpose}`, Buffer.from(JSON.stringify(content)));
    return sealed === undefined ? undefined : `x${key.id}.${sealed}`;
  }

  function openFor(purpose: string, text: string): Login | string {
    const [, keyId = '', sealed = ''] = form.exec(text) ?? [];
    const key = keys().find(keyId);
    const content = key === undefined ? undefined : open(key, `login/${purpose}`, sealed);
    if (content === undefined) return isStrange;
    const login = JSON.parse(content.toString()) as Login;
    return wall() - login.begunAt > maxLoginMs ? `it was not finished within ${maxLoginMs / 60_000} minutes` : login;
  }

  return {
    sealLeg: sealFor,
    sealState: (state) => sealFor('state', state),
    openLeg: openFor,
    openState: (text) => openFor('state', text) as LoginState | string,
  };
}

// Clients that do not get through the handshake of TLS, in words for the log: they are told little by their own software, and whoever
// runs the gateway is asked why. One line in ten seconds for each reason, however many fail. At rest it holds no timer.
import type { Clock, EpochMs } from '#core/clock.ts';

export interface FailedHandshake {
  readonly why: string;
  /** Of the newest of them; Node may have forgotten it. */
  readonly clientAddress: string | undefined;
  /** With the same reason since the line before, this one included. */
  readonly count: number;
}

interface Said {
  readonly at: EpochMs;
  unsaid: number;
}

const sayEachMs = 10_000;

const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it shows no certificate, and none gets in without (--client-cert required)',
  ERR_SSL_HTTP_REQUEST: 'it speaks plain HTTP, and this port speaks HTTPS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it began no handshake, or did not go on with it',
};

/** What Node says of one: its code, or OpenSSL's with its reason in words. */
export interface HandshakeError {
  readonly code?: string | undefined;
  readonly reason?: string;
  readonly message: string;
}

/** `refusal`: why its certificate is not accepted, as OpenSSL says. Undefined: it has just gone. */
export function whyOf({ code, reason, message }: HandshakeError, refusal: string | undefined): string | undefined {
  if (refusal !== undefined) return `its certificate is not accepted: ${refusal}`;
  // Probes that only connect are no news.
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  return reasons[code ?? ''] ?? reason ?? message;
}

export class FailedHandshakes {
  readonly #clock: Clock;
  readonly #tell: (failed: FailedHandshake) => void;
  /** By reason; OpenSSL has some dozens. */
  readonly #said = new Map<string, Said>();

  constructor(clock: Clock, tell: (failed: FailedHandshake) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  failed(why: string, clientAddress: string | undefined): void {
    const now = this.#clock.now();
    const last = this.#said.get(why);
    if (last !== undefined && now - last.at < sayEachMs) {
      last.unsaid += 1;
      return;
    }
    this.#said.set(why, { at: now, unsaid: 0 });
    this.#tell({ why, clientAddress, count: (last?.unsaid ?? 0) + 1 });
  }
}

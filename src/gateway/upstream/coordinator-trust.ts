// Which certificates coordinators may show that are reached by https: those of authorities in a file, read again when it changes, or of
// the authorities that Node knows. Shell.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { followFile } from '../follow-file.ts';
import { readAuthorities } from '../http/authorities-file.ts';

export interface CoordinatorTrust {
  /** Another one when the authorities have changed: then no connection of a former one is used again. */
  current(): SecureContext;
  stop(): void;
}

/** Also those of NODE_EXTRA_CA_CERTS. */
export function createKnownTrust(): CoordinatorTrust {
  let context: SecureContext | undefined;
  // Only where a coordinator needs it: some 120 certificates take 2 MB.
  return { current: () => (context ??= createSecureContext()), stop: () => undefined };
}

export interface FileTrustInit {
  /** In PEM, one certificate or more. */
  readonly caFile: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws when there is nothing usable to begin with. */
export function createFileTrust({ caFile: file, clock, log }: FileTrustInit): CoordinatorTrust {
  let ca = readAuthorities(file);
  let context = createSecureContext({ ca });

  function read(): void {
    try {
      const next = readAuthorities(file);
      if (next === ca) return;
      context = createSecureContext({ ca: next });
      ca = next;
      log.info('the authorities of coordinators were replaced', { file });
    } catch (error) {
      log.warn('the authorities of coordinators cannot be used; the last good ones stay in force', { file, error });
    }
  }

  const onError = (error: Error): void =>
    log.error('the authorities of coordinators are no longer followed: restart the gateway', { file, error });
  const stop = followFile({ file, clock, onChange: read, onError });
  return { current: () => context, stop };
}

const noTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_INVALID_RECORD_TYPE']);
const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why no TLS came about with a coordinator, and what to do. Pure. */
export function whyUntrusted({ code = '', message }: NodeJS.ErrnoException): string {
  if (noTls.has(code)) return 'it does not speak TLS there: its address may have to begin with http://';
  if (unknownAuthority.has(code))
    return `its certificate is not accepted: ${message}. Give its authority with --coordinator-ca FILE, or add it to that file`;
  return message;
}

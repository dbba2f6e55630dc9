// Certificate and key of the gateway from files, and the authorities of client certificates where clients may show some. Read again
// when they change; the last good ones are kept. Shell.
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { followFile } from '../follow-file.ts';
import { readAuthorities } from './authorities-file.ts';

/** In PEM; the certificate with its chain. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; one or more. */
  readonly ca?: string;
}

/** Whether clients are asked for a certificate; where required, nobody gets past the handshake without a good one. */
export type ClientCertificates = 'none' | 'optional' | 'required';

export interface TlsSource {
  readonly clientCertificates: ClientCertificates;
  current(): TlsMaterial;
  subscribe(listener: (material: TlsMaterial) => void): () => void;
  stop(): void;
}

export interface TlsFilesInit {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clients?: { readonly caFile: string; readonly areRequired: boolean };
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws when a file cannot be read, or when certificate and key are no pair. */
function readMaterial({ certFile, keyFile, clients }: TlsFilesInit): TlsMaterial {
  const ca = clients === undefined ? {} : { ca: readAuthorities(clients.caFile) };
  const material = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), ...ca };
  createSecureContext(material);
  return material;
}

/** Throws when there is nothing usable to begin with. */
export function createTlsFiles(init: TlsFilesInit): TlsSource {
  const { certFile, keyFile, clients, clock, log } = init;
  const files = [certFile, keyFile, ...(clients === undefined ? [] : [clients.caFile])];
  const listeners = new Set<(material: TlsMaterial) => void>();
  let material = readMaterial(init);

  function take(next: TlsMaterial): void {
    const { cert, key, ca } = material;
    if (next.cert === cert && next.key === key && next.ca === ca) return;
    material = next;
    log.info(next.ca === ca ? 'the certificate was replaced' : 'the authorities of client certificates were replaced', { files });
    for (const listener of listeners) listener(next);
  }

  function read(): void {
    try {
      take(readMaterial(init));
    } catch (error) {
      // Between two files of a change they are no pair, and the second change follows.
      log.warn('the certificate, its key or the authorities cannot be used; the last good ones stay in force', { files, error });
    }
  }

  const onError = (error: Error): void => log.error('the certificate is no longer followed: restart the gateway', { files, error });
  const ends = files.map((file) => followFile({ file, clock, onChange: read, onError }));
  return {
    clientCertificates: clients === undefined ? 'none' : clients.areRequired ? 'required' : 'optional',
    current: () => material,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => ends.forEach((end) => end()),
  };
}

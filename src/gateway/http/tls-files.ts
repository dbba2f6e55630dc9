// Certificate and key of the gateway from files, read again when they change; the last good pair is kept. Shell.
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { followFile } from '../follow-file.ts';

/** In PEM; the certificate with its chain. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsSource {
  current(): TlsPair;
  subscribe(listener: (pair: TlsPair) => void): () => void;
  stop(): void;
}

export interface TlsFilesInit {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws when a file cannot be read, or when they are no pair. */
function readPair({ certFile, keyFile }: TlsFilesInit): TlsPair {
  const pair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  createSecureContext(pair);
  return pair;
}

/** Throws when there is no usable pair to begin with. */
export function createTlsFiles(init: TlsFilesInit): TlsSource {
  const { certFile, keyFile, clock, log } = init;
  const listeners = new Set<(pair: TlsPair) => void>();
  let pair = readPair(init);

  function read(): void {
    try {
      const next = readPair(init);
      if (next.cert === pair.cert && next.key === pair.key) return;
      pair = next;
    } catch (error) {
      // Between the two files of a change they are no pair, and the second change follows.
      log.warn('the certificate and its key cannot be used together; the last good ones stay in force', { certFile, keyFile, error });
      return;
    }
    log.info('the certificate was replaced', { certFile });
    for (const listener of listeners) listener(pair);
  }

  const onError = (error: Error): void => log.error('the certificate is no longer followed: restart the gateway', { certFile, error });
  const ends = [certFile, keyFile].map((file) => followFile({ file, clock, onChange: read, onError }));
  return {
    current: () => pair,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => ends.forEach((end) => end()),
  };
}

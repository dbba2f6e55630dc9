// The public keys of an OIDC issuer: fetched when a token names one that is not known, so that the issuer may rotate them, but
// never more often than tokens of strangers could make a nuisance of. The last good set stays when a fetch fails. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import type { Log } from '#observe/log.ts';
import { endpointOf, readDiscovery, type ReadJson } from './issuer-documents.ts';
import { readKeySet, type VerifyingKey } from './json-web-token.ts';

export interface IssuerKeysInit {
  readonly issuer: string;
  /** Absent: the issuer's discovery document names it. */
  readonly keySetUrl?: string;
  readonly readJson: ReadJson;
  readonly clock: Clock;
  readonly log: Log;
}

export interface IssuerKeys {
  /** Undefined: the issuer has no such key. Rejects when that cannot be known now. */
  find(keyId: string): Promise<VerifyingKey | undefined>;
  /** Counts up whenever the keys have become others: what was verified before may not be any more. */
  readonly generation: () => number;
}

/** An unknown key is looked for this often at most. */
export const refetchAfterMs = 10_000;
/** A set older than this is fetched again in the background, so that a key that the issuer took back goes. */
export const maxAgeMs = 10 * 60_000;
/** A statement waits no longer for keys: below the read time-outs of all clients. */
export const fetchTimeoutMs = 5_000;

export function createIssuerKeys({ issuer, keySetUrl, readJson, clock, log }: IssuerKeysInit): IssuerKeys {
  let keys: ReadonlyMap<string, VerifyingKey> = new Map();
  let print = '';
  let generation = 0;
  let triedAt: EpochMs = -Infinity;
  let fetchedAt: EpochMs = -Infinity;
  let failure: Error | undefined;
  let underWay: Promise<void> | undefined;

  /** Each time anew: an issuer may move its keys. */
  async function discover(): Promise<string> {
    return endpointOf(await readDiscovery(issuer, readJson, fetchTimeoutMs), 'jwks_uri');
  }

  async function fetchKeys(): Promise<void> {
    const url = keySetUrl ?? (await discover());
    const document = await readJson(url, fetchTimeoutMs);
    const found = readKeySet(document);
    if (found.length === 0) throw new Error(`${url} has no key that could verify a token`);
    const read = found.map(({ keyId, algorithm, key }) => [keyId, algorithm, key.export({ format: 'jwk' })]);
    fetchedAt = clock.now();
    if (JSON.stringify(read) === print) return;
    print = JSON.stringify(read);
    keys = new Map(found.map((key) => [key.keyId, key]));
    generation += 1;
    log.info('keys of the issuer read', { issuer, url, keys: [...keys.keys()] });
  }

  /** One at a time, whoever asks; fulfilled also when it failed. */
  function refresh(): Promise<void> {
    triedAt = clock.now();
    underWay ??= fetchKeys()
      .then(
        () => (failure = undefined),
        (error: unknown) => {
          failure = new Error('the keys of the issuer cannot be read', { cause: error });
          log.error('the keys of the issuer cannot be read; those that are known stay in force', { issuer, keys: [...keys.keys()], error });
        },
      )
      .then(() => (underWay = undefined));
    return underWay;
  }

  return {
    generation: () => generation,
    async find(keyId) {
      const known = keys.get(keyId);
      const mayTry = clock.now() - triedAt >= refetchAfterMs;
      if (known !== undefined) {
        if (mayTry && clock.now() - fetchedAt >= maxAgeMs) void refresh();
        return known;
      }
      const fetching = underWay ?? (mayTry ? refresh() : undefined);
      if (fetching !== undefined) {
        const waited = new AbortController();
        await Promise.race([fetching, pause(clock, fetchTimeoutMs, waited.signal)]);
        waited.abort();
        if (underWay === fetching) throw new Error('the keys of the issuer are slow to come');
      }
      if (!keys.has(keyId) && failure !== undefined) throw failure;
      return keys.get(keyId);
    },
  };
}

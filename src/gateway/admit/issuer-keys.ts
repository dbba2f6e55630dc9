// The public keys of an OIDC issuer: fetched when a token names one that is not known, so that the issuer may rotate them, but
// never more often than tokens of strangers could make a nuisance of. The last good set stays when a fetch fails. Shell.
import type { Clock, EpochMs } from '#core/clock.ts';
import { pause } from '#core/pause.ts';
import { isTrustworthyUrl } from '#core/trustworthy-url.ts';
import type { Log } from '#observe/log.ts';
import { readKeySet, type VerifyingKey } from './json-web-token.ts';

/** Reads a small JSON document; rejects when it cannot be had within `timeoutMs`. */
export type ReadJson = (url: string, timeoutMs: number) => Promise<unknown>;

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
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { issuer: named, jwks_uri: found } = ((await readJson(url, fetchTimeoutMs)) ?? {}) as Readonly<Record<string, unknown>>;
    if (named !== issuer) throw new Error(`${url} is of the issuer ${JSON.stringify(named)}, not of ${issuer}`);
    if (typeof found !== 'string' || !isTrustworthyUrl(found)) throw new Error(`${url} names no jwks_uri with https`);
    return found;
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

/** Documents of issuers are a few KiB. */
const maxDocumentBytes = 1024 * 1024;

/** Follows no redirect: it could lead where no key may come from. */
export const readJsonByHttp: ReadJson = async (url, timeoutMs) => {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs), headers: { Accept: 'application/json' } });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered HTTP ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > maxDocumentBytes) throw new Error(`${url} answered with more than ${maxDocumentBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
};

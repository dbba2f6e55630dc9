// Proves who asks by an API key: in X-API-Key, or where a client can send no header of its own (CLI, JDBC, browsers) as bearer
// token or as password. Knows nothing of where the keys come from.
import { headerOf } from '#trino/protocol/headers.ts';
import { ownerOf, type ApiKeys } from './api-keys.ts';
import { credentialsOf, type Authenticator, type Shown } from './identity.ts';

export const apiKeyHeader = 'x-api-key';

export interface ApiKeySource {
  /** Undefined until a good set was read. */
  current(): ApiKeys | undefined;
  start(): Promise<void>;
  stop(): void;
}

function isJsonWebToken(token: string): boolean {
  return token.split('.').length === 3;
}

interface Found {
  readonly header: string;
  readonly key: string;
}

function find({ headers }: Pick<Shown, 'headers'>): Found | undefined {
  const key = headerOf(headers, apiKeyHeader);
  if (key !== undefined) return { header: apiKeyHeader, key: key.trim() };
  const authorization = headerOf(headers, 'authorization');
  const bearer = credentialsOf(authorization, 'bearer');
  if (bearer !== undefined && !isJsonWebToken(bearer)) return { header: 'authorization', key: bearer };
  const basic = credentialsOf(authorization, 'basic');
  if (basic === undefined) return undefined;
  return {
    header: 'authorization',
    key: Buffer.from(basic, 'base64')
      .toString()
      .replace(/^[^:]*:?/, ''),
  };
}

export function createApiKeyAuthenticator(source: Pick<ApiKeySource, 'current'>): Authenticator {
  return {
    wants: 'an API key (X-API-Key, or as password)',
    judge(shown) {
      const found = find(shown);
      if (found === undefined) return undefined;
      const known = source.current();
      if (known === undefined) return { is: 'undecided', why: 'the gateway has read no API keys yet.' };
      const owner = ownerOf(known.keys, found.key);
      if (owner === undefined) return { is: 'wrong', why: 'the API key is not known here.' };
      return { is: 'proven', identity: { name: owner, groups: [] } };
    },
    spends(shown) {
      const found = find(shown);
      return found === undefined ? [] : [found.header];
    },
    challenges: () => ['X-API-Key realm="XTrinode"', 'Basic realm="XTrinode", charset="UTF-8"'],
    isReady: () => source.current() !== undefined,
  };
}

// A guard as the tests of the phase "admit" want it.
import { createHash } from 'node:crypto';
import { createApiKeyAuthenticator } from '#gateway/admit/api-key-authenticator.ts';
import { parseApiKeys } from '#gateway/admit/api-keys.ts';
import { createGuard, type Guard, type GuardInit } from '#gateway/admit/guard.ts';
import type { Authenticator } from '#gateway/admit/identity.ts';
import { silentLog } from '#observe/log.ts';

export const annsKey = 'key-of-ann-0123456789';
export const supersetsKey = 'key-of-superset-0123456789';

/** Of ann, and of superset, who may act for others. */
export function anApiKeyAuthenticator(): Authenticator {
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
  const keys = parseApiKeys(`ann: sha256:${hash(annsKey)}\nsuperset: sha256:${hash(supersetsKey)}`);
  if (typeof keys === 'string') throw new Error(keys);
  return createApiKeyAuthenticator({ current: () => keys });
}

export function aGuard(more: Partial<GuardInit> = {}): Guard {
  return createGuard({
    authenticators: [anApiKeyAuthenticator()],
    impersonators: new Set(['superset']),
    isUiOpen: false,
    log: silentLog,
    ...more,
  });
}

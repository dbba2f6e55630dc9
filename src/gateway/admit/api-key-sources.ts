// Where API keys come from: a file, or a Secret in the gateway's namespace that is watched. A set with a mistake in it, an emptied
// one and one that is gone change nothing: the last good set stays, and the log says what is wrong and never a key. Shell.
import type { Clock } from '#core/clock.ts';
import type { Secret } from '#core/objects.ts';
import { gatewayApiKeysField, gatewayApiKeysSecret, gatewayNamespace } from '#apis/v1/resources.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import type { KubeApi } from '#kube/port.ts';
import { secrets } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import type { ApiKeySource } from './api-key-authenticator.ts';
import { parseApiKeys, type ApiKeys } from './api-keys.ts';
import { createFollowedFile } from './followed-file.ts';

interface Kept {
  current(): ApiKeys | undefined;
  take(text: string): void;
  /** There is nothing to read. */
  miss(why: string): void;
}

function createKept(from: string, log: Log): Kept {
  let known: ApiKeys | undefined;
  const miss = (problem: string): void => {
    const follows = known === undefined ? 'nobody can be let in by an API key' : 'the last good keys stay in force';
    log.error(`the API keys are not usable; ${follows}`, { from, problem });
  };
  return {
    current: () => known,
    miss,
    take(text) {
      const parsed = parseApiKeys(text);
      if (typeof parsed === 'string') return miss(parsed);
      known = parsed;
      log.info('API keys read', { from, ids: [...new Set(parsed.keys.map(({ id }) => id))], keys: parsed.keys.length });
      if (parsed.readable.length > 0)
        log.warn('API keys can be read where they are stored: replace each by sha256:HEX (printf %s KEY | sha256sum)', {
          from,
          ids: parsed.readable,
        });
    },
  };
}

export interface FileKeysInit {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

export function createFileApiKeys({ file, clock, log }: FileKeysInit): ApiKeySource {
  const kept = createKept(file, log);
  const followed = createFollowedFile({ file, what: 'the API keys', take: kept.take, clock, log });
  return {
    current: kept.current,
    start() {
      followed.start();
      return Promise.resolve();
    },
    stop: followed.stop,
  };
}

export interface SecretKeysInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export function createSecretApiKeys({ api, clock, random, log }: SecretKeysInit): ApiKeySource {
  const from = `${gatewayNamespace}/${gatewayApiKeysSecret}`;
  const kept = createKept(from, log);
  const where = { namespace: gatewayNamespace, fieldSelector: `metadata.name=${gatewayApiKeysSecret}` };
  const reflector = createReflector<Secret>({ api, resource: secrets, where, clock, random, log });
  return {
    current: kept.current,
    async start() {
      reflector.store.subscribe(({ after }) => {
        const text = after?.data?.[gatewayApiKeysField];
        if (text !== undefined) kept.take(Buffer.from(text, 'base64').toString());
        else kept.miss(after === undefined ? 'the Secret is gone' : `the Secret has no key ${gatewayApiKeysField}`);
      });
      reflector.start();
      await reflector.synced;
      if (reflector.store.list().length === 0)
        kept.miss(
          `there is no such Secret: kubectl -n ${gatewayNamespace} create secret generic ${gatewayApiKeysSecret} --from-file=${gatewayApiKeysField}=FILE`,
        );
    },
    stop: () => reflector.stop(),
  };
}

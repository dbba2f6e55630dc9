// Composition of the gateway's own login from its settings: as which client it speaks to the issuer, and with which secret.
import { resolve } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { GatewayConfig } from '#config/roles.ts';
import { createFollowedFile } from '#gateway/admit/followed-file.ts';
import type { Authenticator } from '#gateway/admit/identity.ts';
import { readJsonByHttp } from '#gateway/admit/issuer-documents.ts';
import type { IssuerKeys } from '#gateway/admit/issuer-keys.ts';
import { createOwnKeys, type SealKeys } from '#gateway/hold/seal-keys.ts';
import { createIssuerClient } from '#gateway/login/issuer-client.ts';
import { createOwnLogin, type OwnLogin } from '#gateway/login/own-login.ts';
import type { Log } from '#observe/log.ts';
import { createSteadyClock } from '#observe/steady-clock.ts';

export interface GatewayLogin {
  readonly own: OwnLogin;
  start(): Promise<void>;
  stop(): void;
}

export interface GatewayLoginInit {
  readonly config: GatewayConfig;
  readonly issuer: string;
  readonly issuerKeys: IssuerKeys;
  readonly tokens: Authenticator;
  readonly sealKeys?: Pick<SealKeys, 'ring'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface FollowedSecret {
  current(): string | undefined;
  start(): void;
  stop(): void;
}

function followSecret(file: string, clock: Clock, log: Log): FollowedSecret {
  let secret: string | undefined;
  const take = (text: string): void => {
    if (text.trim() === '') return log.error('the file with the client secret is empty; what was read before stays in force', { file });
    secret = text.trim();
  };
  const { start, stop } = createFollowedFile({ file, what: 'the client secret', take, clock, log });
  return { current: () => secret, start, stop };
}

/** Undefined where nobody logs in here. */
export function createGatewayLogin({
  config,
  issuer,
  issuerKeys,
  tokens,
  sealKeys,
  clock,
  log,
}: GatewayLoginInit): GatewayLogin | undefined {
  const { loginClientId: clientId, loginClientSecretFile, loginScopes: scopes, loginAddress: address } = config;
  if (clientId === undefined) return undefined;
  const ownKeys = createOwnKeys();
  const secret = loginClientSecretFile === undefined ? undefined : followSecret(resolve(loginClientSecretFile), clock, log);
  const times = { clock: createSteadyClock(clock), wall: clock.now };
  const client = createIssuerClient({
    issuer,
    clientId,
    ...(secret === undefined ? {} : { secret: secret.current }),
    scopes,
    keys: issuerKeys,
    tokens,
    readJson: readJsonByHttp,
    ...times,
  });
  const keys = sealKeys?.ring ?? (() => ownKeys);
  return {
    own: createOwnLogin({ issuer, client, keys, ...(address === undefined ? {} : { address }), ...times, log }),
    start() {
      secret?.start();
      return Promise.resolve();
    },
    stop: () => secret?.stop(),
  };
}

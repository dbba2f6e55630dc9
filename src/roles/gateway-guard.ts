// Composition of the gateway's phase "admit" from its settings: what it authenticates with, and what of it has a life of its own.
import { resolve } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { GatewayConfig } from '#config/roles.ts';
import { readYamlDocuments } from '#cli/kubernetes-yaml.ts';
import { createFileAccess } from '#gateway/admit/access.ts';
import { createStatementRates, type CountStatement } from '#gateway/admit/statement-rates.ts';
import { createApiKeyAuthenticator, type ApiKeySource } from '#gateway/admit/api-key-authenticator.ts';
import { createFileApiKeys, createSecretApiKeys } from '#gateway/admit/api-key-sources.ts';
import { createCertificateAuthenticator } from '#gateway/admit/certificate-authenticator.ts';
import { readJsonByHttp } from '#gateway/admit/issuer-documents.ts';
import { createIssuerKeys } from '#gateway/admit/issuer-keys.ts';
import { createTokenAuthenticator } from '#gateway/admit/token-authenticator.ts';
import type { Authenticator } from '#gateway/admit/identity.ts';
import { createGuard, openGuard, type Guard } from '#gateway/admit/guard.ts';
import type { SealKeys } from '#gateway/hold/seal-keys.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { createSteadyClock } from '#observe/steady-clock.ts';
import { createGatewayLogin, type GatewayLogin } from './gateway-login.ts';

export interface GatewayGuardInit {
  readonly config: GatewayConfig;
  /** Absent where routes come from a file. */
  readonly api?: KubeApi;
  /** Without them a login is begun and ended at this gateway alone. */
  readonly sealKeys?: Pick<SealKeys, 'ring'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface GatewayGuard {
  readonly guard: Guard;
  readonly countStatement: CountStatement;
  /** Fulfilled when what is read from elsewhere has been read, or is known not to be there. */
  start(): Promise<void>;
  stop(): void;
}

interface Living {
  start(): Promise<void>;
  stop(): void;
}

function createApiKeys({ config, api, clock, random, log }: GatewayGuardInit): ApiKeySource | undefined {
  if (config.apiKeysFile !== undefined) return createFileApiKeys({ file: resolve(config.apiKeysFile), clock, log });
  return config.apiKeysSecret && api !== undefined ? createSecretApiKeys({ api, clock, random, log }) : undefined;
}

interface Tokens {
  readonly authenticator: Authenticator;
  readonly login?: GatewayLogin;
}

function createTokens({ config, clock, log, ...init }: GatewayGuardInit): Tokens | undefined {
  const { jwtIssuer: issuer, jwtAudience: audiences, jwtKeysUrl: keySetUrl } = config;
  if (issuer === undefined || audiences === undefined) return undefined;
  const keys = createIssuerKeys({
    issuer,
    ...(keySetUrl === undefined ? {} : { keySetUrl }),
    readJson: readJsonByHttp,
    clock: createSteadyClock(clock),
    log,
  });
  const authenticator = createTokenAuthenticator({
    expected: { issuer, audiences },
    keys,
    userClaim: config.jwtUserClaim,
    groupsClaim: config.jwtGroupsClaim,
    isForwarded: config.jwtForward,
    clock,
    log,
  });
  const login = createGatewayLogin({ config, issuer, issuerKeys: keys, tokens: authenticator, clock, log, ...init });
  return { authenticator, ...(login === undefined ? {} : { login }) };
}

export function createGatewayGuard(init: GatewayGuardInit): GatewayGuard {
  const { config, clock, log } = init;
  const { ratePerUser: perUser, ratePerAddress: perAddress, ratePerRuntime: perRuntime } = config;
  const apiKeys = createApiKeys(init);
  const access =
    config.access === undefined
      ? undefined
      : createFileAccess({ file: resolve(config.access), parse: (text) => readYamlDocuments(text)[0], clock, log });
  const tokens = createTokens(init);
  const living: readonly Living[] = [apiKeys, access, tokens?.login].filter((one) => one !== undefined);
  const keyHolders = apiKeys === undefined ? undefined : createApiKeyAuthenticator(apiKeys);
  const certificates = config.clientCa === undefined ? undefined : createCertificateAuthenticator(config.clientCertUser);
  const authenticators = [keyHolders, tokens?.authenticator, certificates].filter((one) => one !== undefined);
  const impersonators = new Set(config.impersonators);
  if (authenticators.length === 0) log.info('the gateway authenticates nobody: credentials pass through to the coordinators');
  return {
    guard:
      authenticators.length === 0
        ? openGuard
        : createGuard({
            authenticators,
            impersonators,
            isUiOpen: config.openUi,
            ...(access === undefined ? {} : { access }),
            ...(tokens?.login === undefined ? {} : { login: tokens.login.own }),
            log,
          }),
    countStatement: createStatementRates({
      ...(perUser === undefined ? {} : { perUser }),
      ...(perAddress === undefined ? {} : { perAddress }),
      ...(perRuntime === undefined ? {} : { perRuntime }),
      clock: createSteadyClock(clock),
    }),
    async start() {
      for (const one of living) await one.start();
    },
    stop() {
      for (const one of living) one.stop();
    },
  };
}

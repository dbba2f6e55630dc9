// The gateway as a process of its own: its routes from a cluster, and API servers that wake what sleeps; or its routes from a file,
// and then there is nobody to wake anything, which it says.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gatewayApiKeysSecret, gatewayNamespace, gatewaySealSecret, routesLabel } from '#apis/v1/resources.ts';
import { readYamlDocuments } from '#cli/kubernetes-yaml.ts';
import type { GatewayConfig } from '#config/roles.ts';
import { urlOfListener } from '#config/setting.ts';
import { createApiServerClient } from '#gateway/api-server-client.ts';
import { createApiServerDemand } from '#gateway/hold/api-server-demand.ts';
import type { DemandPort } from '#gateway/hold/demand.ts';
import { createTlsFiles, type TlsSource } from '#gateway/http/tls-files.ts';
import { createSealKeys, type SealKeys } from '#gateway/hold/seal-keys.ts';
import { createFileRoutes } from '#gateway/routing/file-routes.ts';
import { createSharedPlaces, type SharedPlaces } from '#gateway/hold/shared-places.ts';
import { createRouteReport, type RouteReport } from '#gateway/routing/route-report.ts';
import { createRouteSource, type RouteSource } from '#gateway/routing/route-source.ts';
import type { GatewayStatus } from '#gateway/status.ts';
import { createFileTrust, type CoordinatorTrust } from '#gateway/upstream/coordinator-trust.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps, secrets } from '#kube/resources.ts';
import type { Check } from '#observe/health.ts';
import { SetupError } from '#node/setup-error.ts';
import { bind } from './bind.ts';
import { createGatewayAccessLog } from './gateway-access-log.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { defaultHoldLimits } from '#gateway/hold/hold-queue.ts';
import { randomGatewayName, startGateway } from './gateway.ts';
import { createGatewayGuard } from './gateway-guard.ts';
import { runRole, type RoleProcess, type StartedRole } from './role-process.ts';
import { readSealKeys } from './seal-keys-file.ts';
import { serveHealth } from './serve-health.ts';

/** Of the time to stop in, what is kept back from running answers. */
const lastWordsMs = 5_000;

const nobody: DemandPort = { ask: () => Promise.resolve(), end: () => Promise.resolve() };

interface Mode {
  readonly api?: KubeApi;
  readonly routes: RouteSource;
  readonly demand: DemandPort;
  readonly report?: RouteReport;
  readonly sharedPlaces?: SharedPlaces;
  readonly sealKeys?: SealKeys;
  /** Whether their coordinators have been proven by who wrote the routes. */
  readonly trustsRoutes: boolean;
  readonly shareOf?: (maxRunning: number, runtime: string) => number;
}

export async function runGateway(config: GatewayConfig, process: RoleProcess): Promise<void> {
  await runRole('gateway', process, config, async (role) => {
    const mode = config.routes === undefined ? await fromCluster(config, process, role) : fromFile(config.routes, config, process, role);
    const { host, port } = config.listen;
    const { api, ...rest } = mode;
    const { sealKeys } = mode;
    const { clock, random } = process;
    if (config.apiKeysFile !== undefined) checkDirectory(resolve(config.apiKeysFile), '--api-keys-file');
    if (config.access !== undefined) checkDirectory(resolve(config.access), '--access');
    if (config.loginClientSecretFile !== undefined) checkDirectory(resolve(config.loginClientSecretFile), '--login-client-secret-file');
    const tls = tlsOf(config, process, role);
    const coordinatorTrust = coordinatorTrustOf(config, process, role);
    const urlOf = (bound: number): string => urlOfListener({ host, port: bound }, tls === undefined ? 'http' : 'https');
    const written = config.accessLog === 'off' ? undefined : createGatewayAccessLog(config.accessLog, process);
    const gateway = await startGateway({
      ...rest,
      ...(tls === undefined ? {} : { tls }),
      ...(coordinatorTrust === undefined ? {} : { coordinatorTrust }),
      guard: createGatewayGuard({
        config,
        ...(api === undefined ? {} : { api }),
        ...(sealKeys === undefined ? {} : { sealKeys }),
        clock,
        random,
        log: role.log,
      }),
      limits: { ...defaultHoldLimits, perRuntime: config.maxWaiting },
      ...(config.trustedProxies === undefined ? {} : { trustedProxies: config.trustedProxies }),
      ...(written === undefined ? {} : { accessLog: written.accessLog }),
      ...(config.startTraces ? { newTrace: () => randomBytes(24).toString('hex') } : {}),
      clock,
      log: role.log,
      async open({ listen, inspect, counts }) {
        await serveHealth('gateway', config.healthListen, role, {
          checks: () => judgeGateway(inspect()),
          metrics: createGatewayMetrics({ inspect, counts, droppedLines: () => written?.dropped() ?? 0 }),
          status: inspect,
        });
        const bound = await bind('gateway', '--listen ADDRESS:PORT', port, () => listen([host], port));
        // Before the routes are known: until then /readyz says no.
        role.log.info('listening', { url: urlOf(bound) });
        return bound;
      },
    });
    role.stops.push(() => gateway.stop(Math.max(1_000, config.stopWithin - lastWordsMs)));
    return { at: urlOf(gateway.port) };
  });
}

/** Undefined where clients come with plain HTTP. Throws SetupError for a pair that cannot be used. */
function tlsOf(
  { tlsCert, tlsKey, clientCa, clientCert }: GatewayConfig,
  { clock }: RoleProcess,
  { log, stops }: StartedRole,
): TlsSource | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  const what = 'the gateway cannot serve https';
  const mend = 'Give both, in PEM: --tls-cert FILE --tls-key FILE.';
  if (tlsCert === undefined || tlsKey === undefined)
    throw new SetupError({
      what,
      why: `there is a ${tlsKey === undefined ? 'certificate' : 'key'} without its ${tlsKey === undefined ? 'key' : 'certificate'}.`,
      mend,
    });
  try {
    const clients = clientCa === undefined ? {} : { clients: { caFile: resolve(clientCa), areRequired: clientCert === 'required' } };
    const tls = createTlsFiles({ certFile: resolve(tlsCert), keyFile: resolve(tlsKey), ...clients, clock, log });
    stops.push(() => tls.stop());
    return tls;
  } catch (error) {
    const given = [tlsCert, tlsKey, ...(clientCa === undefined ? [] : [clientCa])].join(', ');
    const why = `${given} are not usable: ${error instanceof Error ? error.message : String(error)}.`;
    throw new SetupError({ what, why, mend, cause: error });
  }
}

/** Undefined where the authorities that Node knows are enough. Throws SetupError for a file that cannot be used. */
function coordinatorTrustOf(
  { coordinatorCa }: GatewayConfig,
  { clock }: RoleProcess,
  { log, stops }: StartedRole,
): CoordinatorTrust | undefined {
  if (coordinatorCa === undefined) return undefined;
  try {
    const trust = createFileTrust({ caFile: resolve(coordinatorCa), clock, log });
    stops.push(() => trust.stop());
    return trust;
  } catch (error) {
    throw new SetupError({
      what: 'the gateway cannot tell which coordinators to trust',
      why: `${coordinatorCa} is not usable: ${error instanceof Error ? error.message : String(error)}.`,
      mend: 'Give the certificates of their authorities in PEM: --coordinator-ca FILE.',
      cause: error,
    });
  }
}

/** Not ready until the first list, but it listens and answers by then: the cluster is waited for behind the open port. */
async function fromCluster(config: GatewayConfig, process: RoleProcess, role: StartedRole): Promise<Mode> {
  // Loaded here: a gateway with a file of routes does without the HTTP client, which is 20 MB.
  const { connectCluster, waitForCluster } = await import('./connect-cluster.ts');
  const { clock, random, signal } = process;
  const { log } = role;
  const api = connectCluster(config, process, role);
  const source = createRouteSource({ api, clock, random, log });
  const needs = [
    { resource: configMaps, where: { namespace: gatewayNamespace, labelSelector: routesLabel } },
    { resource: secrets, where: { namespace: gatewayNamespace, fieldSelector: `metadata.name=${gatewaySealSecret}` } },
  ];
  if (config.apiKeysSecret)
    needs.push({ resource: secrets, where: { namespace: gatewayNamespace, fieldSelector: `metadata.name=${gatewayApiKeysSecret}` } });
  const routes: RouteSource = {
    ...source,
    async start() {
      await waitForCluster({ api, role: 'gateway', needs, clock, log, signal });
      if (!signal.aborted) await source.start();
    },
  };
  const sealKeys = createSealKeys({ api, clock, random, log });
  const gateway = randomGatewayName();
  const client = createApiServerClient(config.apiServer ?? []);
  const report = createRouteReport({ client, gateway, clock, log });
  const sharedPlaces = createSharedPlaces({ client, gateway, clock, log });
  return { api, routes, sealKeys, demand: createApiServerDemand(client, gateway), report, sharedPlaces, trustsRoutes: true };
}

function fromFile(path: string, { replicas, sealKeysFile }: GatewayConfig, { clock }: RoleProcess, { log }: StartedRole): Mode {
  const file = resolve(path);
  checkDirectory(file, '--routes');
  log.info('routes come from a file: there is nobody to wake a sleeping runtime, a query for one that is PAUSED ends at once', { file });
  const parse = (text: string): unknown => readYamlDocuments(text)[0];
  const keys = sealKeysFile === undefined ? {} : { sealKeys: readSealKeys(resolve(sealKeysFile)) };
  const shareOf = (maxRunning: number): number => Math.max(1, Math.floor(maxRunning / replicas));
  return { routes: createFileRoutes({ file, parse, clock, log }), demand: nobody, ...keys, trustsRoutes: false, shareOf };
}

function judgeGateway({ isReady, isStopping, runtimes }: GatewayStatus): Check[] {
  const known = `${runtimes.length} runtimes in the route table`;
  const message = isStopping ? 'the gateway is stopping' : isReady ? known : `the routes or the seal keys are not known yet (${known})`;
  return [{ name: 'routes', isGood: isReady, message }];
}

/** A file may come later; a directory that is missing is a mistake in the path, and cannot be watched. */
function checkDirectory(file: string, flag: string): void {
  if (existsSync(dirname(file))) return;
  throw new SetupError({
    what: `the gateway cannot follow the file of ${flag}`,
    why: `there is no directory ${dirname(file)}.`,
    mend: `Give the path of a file in a directory that exists: ${flag} FILE.`,
  });
}

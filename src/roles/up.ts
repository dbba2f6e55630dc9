// Composition root of `xtrinode up`: the whole system in one process on the embedded Kubernetes API. The only place that
// knows all of its parts. Starts what can fail for the user's reasons first (Java, ports), so that nothing is half up.
import { randomUUID } from 'node:crypto';
import { createWriteStream, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { homeDirectory } from '#cli/home.ts';
import { createApiServer } from '#api-server/server.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createApiServerClient } from '#gateway/api-server-client.ts';
import { createApiServerDemand } from '#gateway/hold/api-server-demand.ts';
import { createSealKeys } from '#gateway/hold/seal-keys.ts';
import { createRouteReport } from '#gateway/routing/route-report.ts';
import { createRouteSource } from '#gateway/routing/route-source.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { findJava, javaMajorForTrino } from '#node/trino/find-java.ts';
import { childLog, createLog, type Log } from '#observe/log.ts';
import { startAotTraining } from './aot-training.ts';
import { bind, isCode } from './bind.ts';
import { applyQuickstart, bootstrap } from './bootstrap.ts';
import { startGateway } from './gateway.ts';
import { createLocalNode, installTrino, trinoVersion } from './local-node.ts';
import { runUntilStopped, type Stop } from './stops.ts';
import { takeHome, type UpHome } from './up-home.ts';
import { startUpOperator } from './up-operator.ts';
import { createScreen, type Screen } from './up-screen.ts';

export interface UpOptions {
  readonly home: string;
  readonly gatewayPort: number;
  readonly kubePort?: number;
  readonly apiPort?: number;
  readonly trinoHome?: string;
  readonly quickstart: boolean;
  readonly offline: boolean;
  /** Advertised by the local node; default: more than the machine has, because the sizes are made for clusters. */
  readonly cpuMilli?: bigint;
  readonly memoryBytes?: bigint;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM: everything is stopped in order. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly note: (text: string) => void;
  readonly isInteractive: boolean;
}

/** Running answers get this long when `up` is stopped; Trino processes the same. */
const stopGraceMs = 5_000;
const nodeName = 'local';
/** The one gateway of a home, in every run: what one that was killed has left is the next one's. */
const gatewayName = 'up';

function readVersion(): string {
  return (JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }).version;
}

/** Runs until the signal. Throws SetupError for what the user can mend; everything started is stopped again then. */
export async function runUp(options: UpOptions): Promise<void> {
  const screen = createScreen(options.note, options.isInteractive, options.clock.now);
  const home = await takeHome(options.home);
  const stops: Stop[] = [() => home.release()];
  await runUntilStopped({
    signal: options.signal,
    stops,
    start: () => start(options, home, screen, stops),
    onStopping: () => screen.line('stopping ...'),
    onStopFailure: (error) => screen.line(`could not stop cleanly: ${error instanceof Error ? error.message : String(error)}`),
  });
}

/** Two files of this size at most. */
const maxLogBytes = 10 * 1024 * 1024;

function openLog(file: string): { readonly log: Log; readonly close: Stop } {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: 'a' });
  // A full disk must not take the system down with its log.
  stream.on('error', () => undefined);
  return {
    log: createLog({ level: 'info', format: 'json', write: (line) => void stream.write(line) }),
    close: () => new Promise<void>((done) => stream.end(() => done())),
  };
}

async function start(options: UpOptions, home: UpHome, screen: Screen, stops: Stop[]): Promise<void> {
  const { clock, random, env } = options;
  const logFile = join(home.directory, 'up.log');
  const { log, close } = openLog(logFile);
  stops.push(close);
  await findJava({ env, minimumMajor: javaMajorForTrino(trinoVersion) });

  const embedded = await createEmbeddedApi({
    file: join(home.directory, 'kubernetes.db'),
    clock,
    random,
    newUid: randomUUID,
    log: (level, message, fields) => childLog(log, { component: 'embedded-api' })[level](message, fields),
  });
  stops.push(() => embedded.stop());
  const { api } = embedded;
  await bootstrap(embedded);
  embedded.startControllers();

  const kubePort = options.kubePort ?? 0;
  const kubeconfigPath = join(home.directory, 'kubeconfig');
  const kube = await bind('Kubernetes API', '--kube-port PORT', kubePort, () =>
    embedded.listen({ port: kubePort, certificateDir: join(home.directory, 'pki'), kubeconfigPath }),
  );
  stops.push(() => kube.close());

  const apiServer = createApiServer({ api, clock, log: childLog(log, { component: 'api-server' }) });
  const apiPort = await bind('API server', '--api-port PORT', options.apiPort ?? 0, () =>
    apiServer.listen('127.0.0.1', options.apiPort ?? 0),
  );
  stops.push(() => apiServer.stop());
  const apiServerUrl = `http://127.0.0.1:${apiPort}`;

  const gatewayLog = childLog(log, { component: 'gateway' });
  const client = createApiServerClient([apiServerUrl]);
  const gateway = await startGateway({
    routes: createRouteSource({ api, clock, random, log: gatewayLog }),
    sealKeys: createSealKeys({ api, clock, random, log: gatewayLog }),
    demand: createApiServerDemand(client, gatewayName),
    report: createRouteReport({ client, gateway: gatewayName, clock, log: gatewayLog }),
    clock,
    log: gatewayLog,
    isOnlyReplica: true,
    open: ({ listen }) => bind('gateway', '--gateway-port PORT', options.gatewayPort, () => listenOnLoopback(listen, options.gatewayPort)),
  });
  stops.push(() => gateway.stop(stopGraceMs));

  const operator = startUpOperator({ api, clock, random, log });
  stops.push(() => operator.stop());
  await operator.started;

  const installation = await installTrino({ ...options, progress: (progress) => screen.progress(progress) });
  const nodeLog = childLog(log, { component: 'node' });
  const { cpuMilli, memoryBytes } = options;
  const stateDir = join(home.directory, 'node');
  const node = createLocalNode({ api, nodeName, stateDir, installation, cpuMilli, memoryBytes, clock, random, log: nodeLog });
  embedded.setLogReader((key, logOptions) => node.readLog(key, logOptions));
  await node.start();
  stops.push(() => node.stop({ graceMs: stopGraceMs }));
  if (options.quickstart) await applyQuickstart(api, installation.version);

  const state = {
    gatewayUrl: `http://localhost:${gateway.port}`,
    apiServerUrl,
    kubeUrl: kube.url,
    kubeconfigPath,
    pid: process.pid,
    version: readVersion(),
  };
  const runtimes = createReflector<XTrinode>({ api, resource: xtrinodes, where: {}, clock, random, log });
  runtimes.start();
  await runtimes.synced;
  stops.push(() => runtimes.stop());
  if (env['XTRINODE_AOT'] !== 'off') stops.push(startAotTraining({ installation, runtimes: runtimes.store, clock, log: nodeLog }));
  await home.publish(state);
  const isElsewhere = home.directory !== homeDirectory(undefined, { HOME: env['HOME'] });
  screen.ready(state, logFile, options.quickstart, isElsewhere ? home.directory : undefined);
  runtimes.store.subscribe(({ before, after }) => screen.phase(before, after));
}

/** Both loopback addresses, never a wildcard: that would take the port from every Pod. ::1 may be missing. */
async function listenOnLoopback(listen: (hosts: readonly string[], port: number) => Promise<number>, port: number): Promise<number> {
  const bound = await listen(['127.0.0.1'], port);
  try {
    await listen(['::1'], bound);
  } catch (error) {
    if (!isCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) throw error;
  }
  return bound;
}

// Starts a private Kubernetes control plane on loopback, for tests and for `npm run cluster`: real etcd, kube-apiserver with
// RBAC and an audit log, controller manager, scheduler. No node, no kubelet. It ends with whoever started it, by kill -9 too,
// and keeps nothing.
import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureCertificates } from '#embedded/certificates.ts';
import { cacheDirectory } from '#roles/local-node.ts';
import { makeClusterDirectory, removeLeftClusters } from './cluster-directory.ts';
import { findFreePort } from './free-port.ts';
import { isReady } from './is-ready.ts';
import { apiServerArguments, auditPolicy, controllerManagerArguments, etcdArguments, files, schedulerArguments } from './parts.ts';
import { ensurePrograms } from './programs.ts';
import { createRunningParts, PartEnded, readTail, type RunningPart, type RunningParts } from './running-parts.ts';
import { adminUser, formatTokenFile, giveTokens, kubeconfigPathOf, standardUsers, writeKubeconfigs } from './users.ts';
import type { ClusterUser, UserWithToken } from './users.ts';

export interface RealClusterInit {
  /** PATH with Go, XTRINODE_CACHE, KUBEBUILDER_ASSETS, TMPDIR. Default: this process' own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** One line when a program has to be built first. */
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Default both; without them no Deployment makes Pods, nothing is garbage collected or scheduled. */
  readonly controllers?: boolean;
  /** Beside the standard ones (users.ts). */
  readonly users?: readonly ClusterUser[];
  /** More command line of kube-apiserver. */
  readonly apiServerArguments?: readonly string[];
}

export interface RealCluster {
  readonly url: string;
  /** Of this cluster alone, removed with it: logs of the parts are here. */
  readonly directory: string;
  /** Of `admin`, who may do everything. */
  readonly kubeconfigPath: string;
  /** Throws for a user that was not named at the start. */
  kubeconfigFor(user: string): string;
  /** JSON lines (audit.k8s.io/v1 Event) at level Metadata: who asked what, and how it was answered. */
  readonly auditLogPath: string;
  /** The program of the same release. */
  readonly kubectl: string;
  /** Fulfilled with what happened when a part ends by itself. */
  readonly failed: Promise<Error>;
  /** Kills the API server alone, whose store stays; what is returned starts it again at the same address, and waits until it is ready. */
  interruptApiServer(): Promise<() => Promise<void>>;
  /** Ends all parts at once and removes their files. */
  stop(): Promise<void>;
}

/** A control plane is ready in 3 s; a busy machine may take many times as long. */
const readyPatienceMs = 60_000;
const lookAgainMs = 50;
const portAttempts = 5;

/** Throws SetupError when a program cannot be had, PartEnded when one does not start; nothing is left behind then. */
export async function startRealCluster(init: RealClusterInit = {}): Promise<RealCluster> {
  const { env = process.env, signal = new AbortController().signal, report = () => undefined } = init;
  const place = { cacheDir: cacheDirectory(env), env, signal, report };
  const programs = await ensurePrograms(['etcd', 'kube-apiserver', 'kubectl'], place);
  const controllers = init.controllers === false ? undefined : await ensurePrograms(['kube-controller-manager', 'kube-scheduler'], place);
  const root = env['TMPDIR'] ?? tmpdir();
  await removeLeftClusters(root);
  const directory = await makeClusterDirectory(root);
  const parts = await createRunningParts(directory);
  const stop = async (): Promise<void> => {
    await parts.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const identity = await writeIdentity(directory, init.users ?? []);
    const etcd = parts.start('etcd', programs.etcd, etcdArguments());
    const start = { directory, parts, etcd, identity, signal, program: programs['kube-apiserver'], init };
    const first = await startApiServer(start);
    const { url } = first;
    let { apiServer } = first;
    const others = controllers === undefined ? [] : startControllers(parts, controllers, directory);
    const failed = Promise.withResolvers<Error>();
    let isInterrupted = false;
    const followApiServer = (): void => void apiServer.ended.then((end) => (isInterrupted ? undefined : failed.resolve(end)));
    followApiServer();
    for (const { ended } of [etcd, ...others]) void ended.then(failed.resolve);
    return {
      url,
      directory,
      kubeconfigPath: kubeconfigPathOf(directory, adminUser),
      kubeconfigFor(user) {
        if (!identity.users.some(({ name }) => name === user)) throw new Error(`the cluster was started without a user ${user}`);
        return kubeconfigPathOf(directory, user);
      },
      auditLogPath: join(directory, files.auditLog),
      kubectl: programs.kubectl,
      failed: failed.promise,
      async interruptApiServer() {
        isInterrupted = true;
        await apiServer.kill();
        return async () => {
          apiServer = parts.start(
            'kube-apiserver',
            start.program,
            apiServerArguments(Number(new URL(url).port), init.apiServerArguments ?? []),
          );
          const failure = await untilReady(start, url, apiServer);
          if (failure !== undefined) throw failure;
          isInterrupted = false;
          followApiServer();
        };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Identity {
  /** PEM. */
  readonly caCertificate: string;
  readonly users: readonly UserWithToken[];
}

async function writeIdentity(directory: string, more: readonly ClusterUser[]): Promise<Identity> {
  const { caCertificate } = await ensureCertificates(join(directory, 'tls'), Date.now());
  const users = giveTokens([...standardUsers, ...more]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'sec1', format: 'pem' }); // kube-apiserver takes the public half from this form only
  await Promise.all([
    writeFile(join(directory, files.tokens), formatTokenFile(users), { mode: 0o600 }),
    writeFile(join(directory, files.serviceAccountKey), key, { mode: 0o600 }),
    writeFile(join(directory, files.auditPolicy), auditPolicy),
  ]);
  return { caCertificate, users };
}

interface ApiServerStart {
  readonly directory: string;
  readonly parts: RunningParts;
  readonly etcd: RunningPart;
  readonly identity: Identity;
  readonly program: string;
  readonly signal: AbortSignal;
  readonly init: RealClusterInit;
}

/** Another program may take the port between our looking and kube-apiserver's listening: then on another one. */
async function startApiServer(start: ApiServerStart): Promise<{ readonly url: string; readonly apiServer: RunningPart }> {
  const { directory, parts, identity } = start;
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const url = `https://127.0.0.1:${port}`;
    await writeKubeconfigs(directory, identity.users, { url, caCertificate: identity.caCertificate });
    const apiServer = parts.start('kube-apiserver', start.program, apiServerArguments(port, start.init.apiServerArguments ?? []));
    const failure = await untilReady(start, url, apiServer);
    if (failure === undefined) return { url, apiServer };
    if (attempt === portAttempts || !/address already in use/.test(failure.log)) throw failure;
  }
}

/** Undefined when it is ready. */
async function untilReady(start: ApiServerStart, url: string, apiServer: RunningPart): Promise<PartEnded | undefined> {
  const { directory, identity, signal } = start;
  const token = identity.users.find(({ name }) => name === adminUser)?.token ?? '';
  const ended = Promise.race([start.etcd.ended, apiServer.ended]);
  const giveUpAt = performance.now() + readyPatienceMs;
  while (performance.now() < giveUpAt) {
    signal.throwIfAborted();
    if (await isReady({ url, caCertificate: identity.caCertificate, token })) return undefined;
    const failure = await Promise.race([ended, delay(lookAgainMs, undefined)]);
    if (failure !== undefined) return failure;
  }
  return new PartEnded('kube-apiserver', `was not ready within ${readyPatienceMs / 1000} s`, await readTail(directory, 'kube-apiserver'));
}

function startControllers(
  parts: RunningParts,
  programs: { readonly 'kube-controller-manager': string; readonly 'kube-scheduler': string },
  directory: string,
): readonly RunningPart[] {
  return [
    parts.start('kube-controller-manager', programs['kube-controller-manager'], controllerManagerArguments(directory)),
    parts.start('kube-scheduler', programs['kube-scheduler'], schedulerArguments(directory)),
  ];
}

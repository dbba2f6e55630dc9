// As whom the next call is made: tokens, certificates and plugins as they are now, read again before they expire and once
// when the server refuses them. Knows no HTTP beyond the names of headers.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#observe/log.ts';
import { KubeError } from '../errors.ts';
import type { ClusterAccess, Impersonation, Material } from './cluster-access.ts';
import { runExecPlugin } from './exec-credential.ts';
import type { ExecCredential } from './exec-credential.ts';
import { firstLineOf } from './kubeconfig-files.ts';
import { createRotatingFiles } from './rotating-files.ts';

export interface TlsMaterial {
  /** PEM; absent: the system's authorities. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface Identity {
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The same object as long as nothing in it changed. */
  readonly tls: TlsMaterial;
  /** For messages only. */
  readonly token: string | undefined;
}

export interface Credentials {
  /** Throws KubeError Unauthorized when a file or a plugin yields nothing. */
  current(): Promise<Identity>;
  /** After a 401 to a call made as `refused`: true when there is now something else to try. Throws as `current`. */
  renew(refused: Identity): Promise<boolean>;
}

export interface CredentialsInit {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isInteractive: boolean;
}

export function createCredentials(init: CredentialsInit): Credentials {
  const { access, clock, log } = init;
  const files = createRotatingFiles(clock, log);
  const fixedHeaders = impersonationHeaders(access.impersonate);
  let tls: TlsMaterial | undefined;
  let plugin: { readonly credential: ExecCredential } | undefined;
  let running: Promise<ExecCredential> | undefined;

  async function read(material: Material | undefined): Promise<string | undefined> {
    if (material === undefined) return undefined;
    return 'pem' in material ? material.pem : readOrFail(material.file);
  }

  async function readOrFail(path: string): Promise<string> {
    try {
      return await files.read(path);
    } catch (error) {
      const message = `cannot read a credential of ${access.userDescribedAs} (${access.describedAs}): ${firstLineOf(error)}`;
      throw new KubeError({ code: 401, reason: 'Unauthorized', message, cause: error });
    }
  }

  /** One run at a time, however many calls wait for it. */
  async function execCredential(): Promise<ExecCredential | undefined> {
    const { exec, userDescribedAs } = access;
    if (exec === undefined) return undefined;
    const expiresAt = plugin?.credential.expiresAt;
    if (plugin !== undefined && (expiresAt === undefined || expiresAt > clock.now())) return plugin.credential;
    running ??= runExecPlugin(exec, { clock, env: init.env, isInteractive: init.isInteractive, userDescribedAs }).finally(
      () => (running = undefined),
    );
    const credential = await running;
    plugin = { credential };
    return credential;
  }

  async function tokenOf(exec: ExecCredential | undefined): Promise<string | undefined> {
    if (access.tokenFile !== undefined) return (await readOrFail(access.tokenFile)).trim();
    return access.token ?? exec?.token;
  }

  async function tlsOf(exec: ExecCredential | undefined): Promise<TlsMaterial> {
    const ca = await read(access.ca);
    const cert = exec?.cert ?? (await read(access.cert));
    const key = exec?.key ?? (await read(access.key));
    if (tls !== undefined && tls.ca === ca && tls.cert === cert && tls.key === key) return tls;
    if (cert !== undefined && key !== undefined) {
      const problem = pairProblem(cert, key);
      // Read between the writing of the one file and of the other: the next look finds both.
      if (problem !== undefined && tls !== undefined) return tls;
      if (problem !== undefined) {
        const message = `the client certificate of ${access.userDescribedAs} (${access.describedAs}) cannot be used: ${problem}`;
        throw new KubeError({ code: 401, reason: 'Unauthorized', message });
      }
    }
    tls = { ca, cert, key };
    return tls;
  }

  async function current(): Promise<Identity> {
    const exec = await execCredential();
    const token = await tokenOf(exec);
    const authorization = token === undefined ? basicOf(access.basic) : `Bearer ${token}`;
    const headers = authorization === undefined ? fixedHeaders : { ...fixedHeaders, authorization };
    return { headers, tls: await tlsOf(exec), token };
  }

  return {
    current,
    async renew(refused) {
      files.expire();
      // Whoever was refused last week's credential must not throw away the one that was fetched meanwhile.
      const isCurrent = plugin?.credential.token === refused.token && (plugin?.credential.cert ?? refused.tls.cert) === refused.tls.cert;
      if (isCurrent) plugin = undefined;
      const next = await current();
      return next.headers['authorization'] !== refused.headers['authorization'] || next.tls !== refused.tls;
    },
  };
}

function basicOf(basic: ClusterAccess['basic']): string | undefined {
  return basic === undefined ? undefined : `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

/** Kubernetes documentation, "User impersonation". */
function impersonationHeaders(as: Impersonation | undefined): Readonly<Record<string, string | string[]>> {
  if (as === undefined) return {};
  const extra = Object.entries(as.extra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, [...values]] as const);
  return {
    'impersonate-user': as.user,
    ...(as.uid === undefined ? {} : { 'impersonate-uid': as.uid }),
    ...(as.groups.length === 0 ? {} : { 'impersonate-group': [...as.groups] }),
    ...Object.fromEntries(extra),
  };
}

/** Why this certificate and key do not go together, or undefined. */
function pairProblem(cert: string, key: string): string | undefined {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? undefined : 'certificate and key do not belong together';
  } catch (error) {
    return firstLineOf(error);
  }
}

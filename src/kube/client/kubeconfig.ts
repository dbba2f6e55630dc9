// Which API server to talk to, and as whom: the fields of a kubeconfig's context, cluster and user, or else the service
// account of the Pod. Opens no connection and runs no plugin.
import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { ClusterAccess, ExecPlugin, Impersonation, Material } from './cluster-access.ts';
import { isFields, KubeconfigError, kubeconfigPaths, readKubeconfigFiles, text } from './kubeconfig-files.ts';
import type { Entry, Fields, KubeconfigFiles, KubeconfigPlace } from './kubeconfig-files.ts';
import { chooseProxy } from './proxy.ts';
import { readServiceAccount } from './service-account.ts';

export interface KubeconfigQuery extends KubeconfigPlace {
  /** Absent: current-context. */
  readonly context?: string;
}

const execVersions: readonly string[] = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** Where a cluster entry keeps what is meant for plugins. */
const execExtension = 'client.authentication.k8s.io/exec';

/** Throws KubeconfigError. */
export function readClusterAccess(query: KubeconfigQuery): ClusterAccess {
  const files = readKubeconfigFiles(query);
  if (files !== undefined) return accessFrom(files, query);
  const inCluster = query.context === undefined ? readServiceAccount(query.env) : undefined;
  if (inCluster !== undefined) return inCluster;
  const looked = kubeconfigPaths(query).join(', ');
  throw new KubeconfigError(`no kubeconfig found (looked at ${looked}): start "xtrinode up", or name one with --kubeconfig`);
}

function accessFrom(files: KubeconfigFiles, query: KubeconfigQuery): ClusterAccess {
  const { from } = files;
  const contextName = query.context ?? files.currentContext;
  if (contextName === undefined) throw new KubeconfigError(`kubeconfig ${from} has no current-context: name one with --context`);
  const context = files.find('context', contextName);
  const cluster = files.find('cluster', text(context.fields['cluster']) ?? '');
  const userName = text(context.fields['user']);
  const user: Entry = userName === undefined ? { name: '', directory: '', fields: {} } : files.find('user', userName);
  const server = text(cluster.fields['server']);
  if (server === undefined || !URL.canParse(server) || !/^https?:/.test(server))
    throw new KubeconfigError(`cluster "${cluster.name}" in kubeconfig ${from} has no valid server URL`);
  const ca = material(cluster, 'certificate-authority');
  return {
    server: server.replace(/\/+$/, ''),
    ...defined({
      ca,
      tlsServerName: text(cluster.fields['tls-server-name']),
      insecureSkipTlsVerify: isInsecure(cluster, ca) ? true : undefined,
      proxy: chooseProxy(new URL(server), text(cluster.fields['proxy-url']), query.env),
    }),
    ...credentials(user, cluster),
    namespace: text(context.fields['namespace']) ?? 'default',
    userDescribedAs: userName === undefined ? 'nobody (the context names no user)' : `user "${userName}"`,
    describedAs: `context "${contextName}" of ${from}`,
  };
}

function isInsecure(cluster: Entry, ca: Material | undefined): boolean {
  if (cluster.fields['insecure-skip-tls-verify'] !== true) return false;
  if (ca === undefined) return true;
  throw new KubeconfigError(`cluster "${cluster.name}" has both certificate-authority and insecure-skip-tls-verify: remove one of them`);
}

function credentials(user: Entry, cluster: Entry): Partial<ClusterAccess> {
  const { fields, directory } = user;
  const provider = fields['auth-provider'];
  if (provider !== undefined) {
    const name = isFields(provider) ? (text(provider['name']) ?? '') : '';
    throw new KubeconfigError(
      `user "${user.name}" logs in through auth-provider "${name}", which is not supported: use a credential plugin ("exec", e.g. gke-gcloud-auth-plugin, kubelogin, kubectl-oidc_login)`,
    );
  }
  const tokenFile = text(fields['tokenFile']);
  const username = text(fields['username']);
  const [cert, key] = [material(user, 'client-certificate'), material(user, 'client-key')];
  if ((cert === undefined) !== (key === undefined))
    throw new KubeconfigError(`user "${user.name}" has only one of client-certificate and client-key: a login needs both`);
  const given = defined({
    token: text(fields['token']),
    tokenFile: tokenFile === undefined ? undefined : resolve(directory, tokenFile),
    basic: username === undefined ? undefined : { username, password: text(fields['password']) ?? '' },
  });
  // As with kubectl: what is written down wins over what a plugin would say.
  const exec = isFields(fields['exec']) && Object.keys(given).length === 0 ? execPlugin(fields['exec'], user, cluster) : undefined;
  return { ...defined({ cert, key, exec, impersonate: impersonation(fields) }), ...given };
}

function execPlugin(fields: Fields, user: Entry, cluster: Entry): ExecPlugin {
  const refuse = (what: string): never => {
    throw new KubeconfigError(`the credential plugin (exec) of user "${user.name}" ${what}`);
  };
  const command = text(fields['command']) ?? refuse('names no command');
  const apiVersion = text(fields['apiVersion']) ?? refuse('has no apiVersion');
  if (!execVersions.includes(apiVersion))
    refuse(`speaks ${apiVersion}, which is not supported: upgrade it to ${execVersions.join(' or ')}`);
  const mode = text(fields['interactiveMode']) ?? (apiVersion.endsWith('/v1') ? refuse('needs interactiveMode with v1') : 'IfAvailable');
  if (mode !== 'Never' && mode !== 'IfAvailable' && mode !== 'Always')
    return refuse(`has interactiveMode "${mode}": Never, IfAvailable or Always`);
  const env = listOf(fields['env']).flatMap((one) => {
    const name = isFields(one) ? text(one['name']) : undefined;
    return isFields(one) && name !== undefined ? [[name, text(one['value']) ?? ''] as const] : [];
  });
  return {
    apiVersion,
    // A bare name is looked up in PATH; a path starts from the kubeconfig.
    command: command.includes('/') && !isAbsolute(command) ? resolve(user.directory, command) : command,
    args: listOf(fields['args']).map(String),
    env: Object.fromEntries(env),
    interactiveMode: mode,
    ...defined({
      installHint: text(fields['installHint']),
      cluster: fields['provideClusterInfo'] === true ? clusterInfo(cluster) : undefined,
    }),
  };
}

/** spec.cluster of ExecCredential. Throws KubeconfigError when the authority's file cannot be read. */
function clusterInfo(cluster: Entry): Fields {
  const { fields } = cluster;
  const ca = material(cluster, 'certificate-authority');
  const own = listOf(fields['extensions']).find((one): one is Fields => isFields(one) && one['name'] === execExtension);
  return defined({
    server: text(fields['server']),
    'tls-server-name': text(fields['tls-server-name']),
    'insecure-skip-tls-verify': fields['insecure-skip-tls-verify'] === true ? true : undefined,
    'certificate-authority-data':
      ca === undefined ? undefined : Buffer.from('pem' in ca ? ca.pem : readFileSync(ca.file)).toString('base64'),
    'proxy-url': text(fields['proxy-url']),
    'disable-compression': fields['disable-compression'] === true ? true : undefined,
    config: own?.['extension'],
  });
}

function impersonation(fields: Fields): Impersonation | undefined {
  const user = text(fields['as']);
  const groups = listOf(fields['as-groups']).map(String);
  const extra = Object.entries(isFields(fields['as-user-extra']) ? fields['as-user-extra'] : {});
  if (user === undefined) {
    if (groups.length === 0 && extra.length === 0 && text(fields['as-uid']) === undefined) return undefined;
    throw new KubeconfigError('as-groups, as-uid and as-user-extra need "as": a user to be impersonated');
  }
  return {
    user,
    ...defined({ uid: text(fields['as-uid']) }),
    groups,
    extra: Object.fromEntries(extra.map(([key, values]) => [key, listOf(values).map(String)])),
  };
}

/** `<field>-data` (base64 of PEM), or the file that `<field>` names. */
function material(entry: Entry, field: string): Material | undefined {
  const data = text(entry.fields[`${field}-data`]);
  if (data !== undefined) return { pem: Buffer.from(data, 'base64').toString('utf8') };
  const file = text(entry.fields[field]);
  return file === undefined ? undefined : { file: resolve(entry.directory, file) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

// Which API server to talk to, and as whom: kubeconfig files as kubectl reads them, or the service account of the Pod.
// Reads files, opens no connection.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';

export interface ClusterAccess {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** PEM; absent means the system's authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Read again from time to time: cluster tokens are short-lived. Wins over `token`. */
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** The context's namespace, else 'default'. */
  readonly namespace: string;
  /** For messages: 'context x of file y' or 'the service account of this Pod'. */
  readonly describedAs: string;
}

export interface KubeconfigQuery {
  /** One file; absent: KUBECONFIG (a list, first definition wins), else ~/.kube/config, else the Pod's service account. */
  readonly kubeconfigPath?: string;
  /** Absent: current-context. */
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The kubeconfig is absent or cannot be used; the message is for the user and says which file and field. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

type Fields = Readonly<Record<string, unknown>>;
type Kind = 'cluster' | 'user' | 'context';

interface ConfigFile {
  readonly path: string;
  readonly content: Fields;
}

interface Entry {
  /** Relative paths in an entry start from its file. */
  readonly directory: string;
  readonly fields: Fields;
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws KubeconfigError. */
export function readClusterAccess(query: KubeconfigQuery): ClusterAccess {
  const paths = pathsOf(query);
  const files = paths.flatMap((path) => readConfigFile(path, query.kubeconfigPath !== undefined));
  if (files.length === 0) {
    const inCluster = query.context === undefined ? readServiceAccount(query.env) : undefined;
    if (inCluster !== undefined) return inCluster;
    throw new KubeconfigError(`no kubeconfig found (looked at ${paths.join(', ')}): start "xtrinode up", or name one with --kubeconfig`);
  }
  return accessFrom(files, query.context);
}

function pathsOf(query: KubeconfigQuery): readonly string[] {
  if (query.kubeconfigPath !== undefined) return [query.kubeconfigPath];
  const listed = (query.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(query.env['HOME'] ?? homedir(), '.kube', 'config')];
}

function readConfigFile(path: string, isRequired: boolean): readonly ConfigFile[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isRequired && isNodeError(error, 'ENOENT')) return [];
    throw new KubeconfigError(`cannot read kubeconfig ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const content: unknown = load(text);
    if (isFields(content)) return [{ path, content }];
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  throw new KubeconfigError(`kubeconfig ${path} is not a kubeconfig: expected an object with clusters, users and contexts`);
}

function accessFrom(files: readonly ConfigFile[], wanted: string | undefined): ClusterAccess {
  const named = files.map((file) => text(file.content['current-context'])).find((name) => name !== undefined);
  const from = files.map((file) => file.path).join(', ');
  const contextName = wanted ?? named;
  if (contextName === undefined) throw new KubeconfigError(`kubeconfig ${from} has no current-context: name one with --context`);
  const context = find(files, 'context', contextName, from);
  const clusterName = text(context.fields['cluster']) ?? '';
  const cluster = find(files, 'cluster', clusterName, from);
  const userName = text(context.fields['user']);
  const user: Entry = userName === undefined || userName === '' ? { directory: '', fields: {} } : find(files, 'user', userName, from);
  const server = text(cluster.fields['server']);
  if (server === undefined || !URL.canParse(server))
    throw new KubeconfigError(`cluster "${clusterName}" in kubeconfig ${from} has no valid server URL`);
  if (text(cluster.fields['proxy-url']) !== undefined)
    throw new KubeconfigError(`cluster "${clusterName}" uses proxy-url, which is not supported`);
  return {
    server: server.replace(/\/+$/, ''),
    ...defined({
      ca: material(cluster, 'certificate-authority'),
      tlsServerName: text(cluster.fields['tls-server-name']),
      insecureSkipTlsVerify: cluster.fields['insecure-skip-tls-verify'] === true ? true : undefined,
    }),
    ...credentials(user, userName ?? ''),
    namespace: text(context.fields['namespace']) ?? 'default',
    describedAs: `context "${contextName}" of ${from}`,
  };
}

function credentials(user: Entry, name: string): Partial<ClusterAccess> {
  const { fields, directory } = user;
  for (const field of ['exec', 'auth-provider']) {
    if (fields[field] === undefined) continue;
    throw new KubeconfigError(
      `user "${name}" logs in through ${field}, which is not supported: use a token, a token file or a client certificate`,
    );
  }
  const tokenFile = text(fields['tokenFile']);
  const username = text(fields['username']);
  return defined({
    cert: material(user, 'client-certificate'),
    key: material(user, 'client-key'),
    token: text(fields['token']),
    tokenFile: tokenFile === undefined ? undefined : resolve(directory, tokenFile),
    basic: username === undefined ? undefined : { username, password: text(fields['password']) ?? '' },
  });
}

/** PEM from `<field>-data` (base64) or from the file named by `<field>`. */
function material(entry: Entry, field: string): string | undefined {
  const data = text(entry.fields[`${field}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = text(entry.fields[field]);
  if (file === undefined) return undefined;
  const path = resolve(entry.directory, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`cannot read ${field} ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function find(files: readonly ConfigFile[], kind: Kind, name: string, from: string): Entry {
  for (const file of files) {
    const list: unknown = file.content[`${kind}s`];
    if (!Array.isArray(list)) continue;
    for (const item of list as readonly unknown[]) {
      if (!isFields(item) || item['name'] !== name) continue;
      const fields: unknown = item[kind];
      return { directory: dirname(resolve(file.path)), fields: isFields(fields) ? fields : {} };
    }
  }
  throw new KubeconfigError(`kubeconfig ${from} has no ${kind} named "${name}"`);
}

function readServiceAccount(env: KubeconfigQuery['env']): ClusterAccess | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host === undefined || host === '') return undefined;
  const read = (file: string): string => readFileSync(join(serviceAccountDirectory, file), 'utf8');
  try {
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
      ca: read('ca.crt'),
      tokenFile: join(serviceAccountDirectory, 'token'),
      namespace: read('namespace').trim(),
      describedAs: 'the service account of this Pod',
    };
  } catch (error) {
    throw new KubeconfigError(`cannot read the service account of this Pod: ${messageOf(error)}`, { cause: error });
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNodeError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

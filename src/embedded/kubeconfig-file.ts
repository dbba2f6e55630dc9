// The kubeconfig that lets kubectl (or any client) talk to the loopback server, and the bearer token in it.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const NAME = 'xtrinode';

/** Replaces a file as a whole, readable by its owner only: a reader sees the old text or the new one. */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

/** The token kept beside the certificates, made on first use, so that kubeconfigs survive restarts. */
export async function ensureToken(directory: string): Promise<string> {
  const path = join(directory, 'token');
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept.trim().length >= 32) {
    return kept.trim();
  }
  const token = randomBytes(32).toString('base64url');
  await writeSecretFile(path, token);
  return token;
}

export interface KubeconfigInput {
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  readonly token: string;
}

/** YAML of a kubeconfig with one cluster, user and context. Pure. */
export function formatKubeconfig({ url, caCertificate, token }: KubeconfigInput): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: ${NAME}
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(caCertificate).toString('base64')}
users:
- name: ${NAME}
  user:
    token: ${token}
contexts:
- name: ${NAME}
  context:
    cluster: ${NAME}
    user: ${NAME}
    namespace: default
current-context: ${NAME}
`;
}

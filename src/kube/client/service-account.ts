// The access that a Pod has to its own cluster: files that the kubelet mounts and renews. Reads only what never changes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from './cluster-access.ts';
import { firstLineOf, KubeconfigError } from './kubeconfig-files.ts';

export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Undefined outside of a cluster. Throws KubeconfigError when the Pod has no token. */
export function readServiceAccount(
  env: Readonly<Record<string, string | undefined>>,
  directory = serviceAccountDirectory,
): ClusterAccess | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') return undefined;
  const tokenFile = join(directory, 'token');
  if (!existsSync(tokenFile))
    throw new KubeconfigError(
      `this Pod has no service account token (${tokenFile}): set automountServiceAccountToken, or name a kubeconfig with --kubeconfig`,
    );
  const caFile = join(directory, 'ca.crt');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(existsSync(caFile) ? { ca: { file: caFile } } : {}),
    tokenFile,
    namespace: env['POD_NAMESPACE'] || readNamespace(join(directory, 'namespace')),
    userDescribedAs: 'the service account of this Pod',
    describedAs: 'the service account of this Pod',
  };
}

function readNamespace(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'default';
  } catch (error) {
    throw new KubeconfigError(`cannot read the namespace of this Pod: ${firstLineOf(error)}`, { cause: error });
  }
}

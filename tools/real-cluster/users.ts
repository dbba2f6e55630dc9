// Who may talk to a real cluster: static tokens, one kubeconfig per user. What a user may do is for RBAC objects to say; only
// `admin` may do everything.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { formatKubeconfig, writeSecretFile } from '#embedded/kubeconfig-file.ts';

export interface ClusterUser {
  /** Of the kubeconfig file. */
  readonly name: string;
  /** How the API server and its audit log call the user, e.g. `system:serviceaccount:ns:name`; default: `name`. */
  readonly userName?: string;
  readonly groups?: readonly string[];
}

export const adminUser = 'admin';
export const controllerManagerUser = 'controller-manager';
export const schedulerUser = 'scheduler';

/** `system:masters` is above RBAC; the scheduler's own name has the rights that Kubernetes gives it. */
export const standardUsers: readonly ClusterUser[] = [
  { name: adminUser, groups: ['system:masters'] },
  { name: controllerManagerUser, userName: 'system:kube-controller-manager', groups: ['system:masters'] },
  { name: schedulerUser, userName: 'system:kube-scheduler' },
  { name: 'operator', groups: ['xtrinode'] },
  { name: 'gateway', groups: ['xtrinode'] },
  { name: 'api-server', groups: ['xtrinode'] },
  { name: 'node', groups: ['xtrinode'] },
  { name: 'nobody' },
];

export interface UserWithToken extends ClusterUser {
  readonly token: string;
}

/** Later users replace earlier ones of the same name. */
export function giveTokens(users: readonly ClusterUser[]): readonly UserWithToken[] {
  const byName = new Map(users.map((user) => [user.name, user]));
  return [...byName.values()].map((user) => ({ ...user, token: randomBytes(24).toString('base64url') }));
}

/** Lines of `--token-auth-file`: token, user name, uid and, where there are any, groups. Pure. */
export function formatTokenFile(users: readonly UserWithToken[]): string {
  return users
    .map(
      ({ token, name, userName = name, groups = [] }) =>
        `${token},${userName},${name}${groups.length === 0 ? '' : `,"${groups.join(',')}"`}\n`,
    )
    .join('');
}

export function kubeconfigPathOf(directory: string, name: string): string {
  return join(directory, `${name}.kubeconfig`);
}

export async function writeKubeconfigs(
  directory: string,
  users: readonly UserWithToken[],
  cluster: { readonly url: string; readonly caCertificate: string },
): Promise<void> {
  for (const { name, token } of users) await writeSecretFile(kubeconfigPathOf(directory, name), formatKubeconfig({ ...cluster, token }));
}

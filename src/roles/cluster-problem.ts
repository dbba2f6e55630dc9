// What keeps us from working on a cluster: the client's words (kube/client/explain.ts) with the command of ours that mends it,
// and whether waiting may help. Pure.
import { isKubeError, type KubeError } from '#kube/errors.ts';

export interface ClusterProblem {
  /** One line: what, why and how to mend. */
  readonly text: string;
  /** It may be put right while we wait: the server comes back, somebody installs what is missing. */
  readonly isWorthWaiting: boolean;
}

const installDefinitions = 'Ours: xtrinode crds | kubectl apply --server-side -f -';

/** `role`: whose permissions are missing; undefined for a person at the command line. Undefined for what is not the cluster's. */
export function explainClusterProblem(error: unknown, role?: string): ClusterProblem | undefined {
  if (!isKubeError(error)) return undefined;
  const { code, reason, message } = error;
  // No certificate and no credential becomes good by itself.
  if (reason === 'Untrusted' || code === 401) return { text: message, isWorthWaiting: false };
  if (reason === 'Unreachable')
    return { text: role === undefined ? `${message} (xtrinode up starts a local one)` : message, isWorthWaiting: true };
  if (code === 403) return { text: `${message}. ${mendPermission(role)}`, isWorthWaiting: true };
  if (isUnknownResource(error)) return { text: `${message} ${installDefinitions}`, isWorthWaiting: true };
  const namespace = /^namespaces "([^"]+)" not found$/.exec(message)?.[1];
  if (namespace !== undefined) return { text: `${message}. Make it: kubectl create namespace ${namespace}`, isWorthWaiting: true };
  return { text: message, isWorthWaiting: code === 429 || code >= 500 };
}

/** 404 for a whole resource, not for an object of it, which a Status names; a group that is not there has no Status at all. */
export function isUnknownResource(error: KubeError): boolean {
  return error.code === 404 && error.details['name'] === undefined;
}

function mendPermission(role: string | undefined): string {
  if (role === undefined) return 'Ask whoever administers the cluster for it';
  return `All that it needs: xtrinode rbac --role ${role} --serve NAMESPACE | kubectl apply --server-side -f -`;
}

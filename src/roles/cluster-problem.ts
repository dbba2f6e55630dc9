// What keeps us from working on a cluster, in one line a user can act on, and whether waiting may help. Pure.
import { isKubeError, type KubeError } from '#kube/errors.ts';

export interface ClusterProblem {
  /** One line: what, why and how to mend. */
  readonly text: string;
  /** It may be put right while we wait: the server comes back, somebody installs what is missing. */
  readonly isWorthWaiting: boolean;
}

export interface Asked {
  /** 'context x of file y', where it is known. */
  readonly describedAs?: string;
  /** Whose permissions are missing; undefined for a person at the command line. */
  readonly role?: string;
}

/** Undefined for what is not the cluster's: a defect of ours. */
export function explainClusterProblem(error: unknown, asked: Asked = {}): ClusterProblem | undefined {
  if (error instanceof Error && error.name === 'KubeconfigError') return { text: error.message, isWorthWaiting: false };
  if (!isKubeError(error)) return undefined;
  const { describedAs = 'the kubeconfig' } = asked;
  if (error.reason === 'Unreachable') {
    const local = asked.role === undefined ? ' (xtrinode up starts a local one)' : '';
    return { text: `${error.message}${local}`, isWorthWaiting: true };
  }
  // Certificates that do not fit and credentials that are refused stay so; the client's own words say which and why.
  if (error.reason === 'Untrusted' || error.code === 401) return { text: error.message, isWorthWaiting: false };
  if (error.code === 403) return { text: `${error.message}. ${mendPermission(asked.role)}`, isWorthWaiting: true };
  if (isUnknownResource(error)) {
    const text = `the cluster of ${describedAs} does not know XTrinode. Install its definitions: xtrinode crds | kubectl apply --server-side -f -`;
    return { text, isWorthWaiting: true };
  }
  const namespace = /^namespaces "([^"]+)" not found$/.exec(error.message)?.[1];
  if (error.code === 404 && namespace !== undefined) {
    const text = `the cluster of ${describedAs} has no namespace ${namespace}. Make it: kubectl create namespace ${namespace}`;
    return { text, isWorthWaiting: true };
  }
  return { text: error.message, isWorthWaiting: error.code === 429 || error.code >= 500 };
}

/** 404 for a whole resource, not for an object of it. */
export function isUnknownResource(error: KubeError): boolean {
  return error.code === 404 && error.message.includes('could not find the requested resource');
}

function mendPermission(role: string | undefined): string {
  if (role === undefined) return 'Ask whoever administers the cluster for it.';
  return `Give it: xtrinode rbac --role ${role} --serve NAMESPACE | kubectl apply --server-side -f -`;
}

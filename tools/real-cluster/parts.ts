// The command lines of the parts of a private control plane. Only kube-apiserver listens on a port; etcd is reached through a
// socket file in the cluster's directory, the others serve nobody. Pure. Measured: ready in some 3 s.
import { controllerManagerUser, kubeconfigPathOf, schedulerUser } from './users.ts';

/** Names below the cluster's directory, which is the working directory of all parts. */
export const files = {
  tokens: 'tokens.csv',
  auditPolicy: 'audit-policy.yaml',
  auditLog: 'audit.log',
  serviceAccountKey: 'service-account.key',
  caCertificate: 'tls/ca.crt',
  certificate: 'tls/tls.crt',
  key: 'tls/tls.key',
} as const;

/** Every request that was answered, with its user, without its body. */
export const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`;

// etcd wants a port behind the name of a socket file; it means nothing
export const etcdSocket = 'etcd.sock:0';
const etcdUrl = `unix://${etcdSocket}`;
const etcdPeerUrl = 'unix://etcd-peer.sock:0';

export function etcdArguments(): readonly string[] {
  return [
    '--name=private',
    '--data-dir=etcd',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=private=${etcdPeerUrl}`,
    '--unsafe-no-fsync', // thrown away with the cluster
    // alone it would still wait a second for others to elect it
    '--heartbeat-interval=10',
    '--election-timeout=50',
    '--log-level=warn',
  ];
}

export function apiServerArguments(port: number, more: readonly string[]): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none', // a loopback address in Endpoints is refused
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    // Pods of a process node mount no token
    '--disable-admission-plugins=ServiceAccount',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    '--audit-log-maxsize=200',
    '--audit-log-maxbackup=1',
    ...more,
  ];
}

export function controllerManagerArguments(directory: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigPathOf(directory, controllerManagerUser)}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.caCertificate}`,
    // local Pods have loopback addresses, which Endpoints refuse: these could only fail, with an event each time
    '--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller',
    // the usual limits are for a cluster that others share
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

export function schedulerArguments(directory: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigPathOf(directory, schedulerUser)}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

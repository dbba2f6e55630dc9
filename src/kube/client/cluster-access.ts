// What one needs to know to talk to an API server as somebody: plain data, made from a kubeconfig or from the service
// account of a Pod. Nothing here is a secret that was fetched; files and plugins are named and read when needed.

/** PEM as it stands in the configuration, or a file that is read again, because it is replaced before it expires. */
export type Material = { readonly pem: string } | { readonly file: string };

/** A program that prints credentials: Kubernetes documentation, "client-go credential plugins". */
export interface ExecPlugin {
  /** client.authentication.k8s.io/v1 or /v1beta1; the answer must have the same. */
  readonly apiVersion: string;
  /** An absolute path, or a name to look up in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  readonly interactiveMode: 'Never' | 'IfAvailable' | 'Always';
  /** What it is told about the cluster, if it asks: spec.cluster of ExecCredential. */
  readonly cluster?: Readonly<Record<string, unknown>>;
}

export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ClusterAccess {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** Absent means the system's authorities. */
  readonly ca?: Material;
  readonly cert?: Material;
  readonly key?: Material;
  readonly token?: string;
  /** Read again from time to time: cluster tokens are short-lived. Wins over `token`. */
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: ExecPlugin;
  readonly impersonate?: Impersonation;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** An http or https proxy. */
  readonly proxy?: URL;
  /** The context's namespace, else 'default'. */
  readonly namespace: string;
  /** For messages: 'user "u" of the kubeconfig' or 'the service account of this Pod'. */
  readonly userDescribedAs: string;
  /** For messages: 'context "x" of /path' or 'the service account of this Pod'. */
  readonly describedAs: string;
}

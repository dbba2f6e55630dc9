// Manifests of the tests' own runtimes: as small as a real Trino goes, so that many of them wake in a short time.

export interface RuntimeOptions {
  readonly suspended?: boolean;
  readonly autoSuspendAfter?: string;
  readonly wakePatience?: string;
  /** Value of the catalogs' label `for`; default: the runtime's own name. */
  readonly catalogs?: string;
  /** In YAML's flow style. The host names that reach this machine everywhere are localhost and 127.0.0.1. */
  readonly routing?: string;
}

/** A runtime that is its coordinator alone. */
export function aRuntime(name: string, options: RuntimeOptions = {}): string {
  const { suspended = true, autoSuspendAfter = '5m', wakePatience = '2m', catalogs = name, routing } = options;
  return `---
apiVersion: analytics.xtrinode.io/v1
kind: XTrinode
metadata:
  name: ${name}
  namespace: default
spec:
  size: xs
  resources:
    coordinator:
      requests: { cpu: 500m, memory: 2Gi }
      limits: { cpu: "2", memory: 2Gi }
  maxWorkers: 0
  suspended: ${suspended}
  autoSuspendAfter: ${autoSuspendAfter}
  wakePatience: ${wakePatience}
  ${routing === undefined ? '' : `routing: ${routing}`}
  catalogSelector:
    matchLabels:
      for: ${catalogs}
`;
}

/** Catalog tpch by its connector; `properties` become lines of the catalog file. */
export function aCatalog(name: string, forRuntime: string, properties: Readonly<Record<string, string>> = {}): string {
  return `---
apiVersion: analytics.xtrinode.io/v1
kind: XTrinodeCatalog
metadata:
  name: ${name}
  namespace: default
spec:
  connector:
    custom:
      connectorName: tpch
      properties: ${JSON.stringify(properties)}
  labels:
    for: ${forRuntime}
`;
}

/** The gateway's address under a runtime's host name. */
export function serverOf(gatewayUrl: string, hostname: string): string {
  const url = new URL(gatewayUrl);
  url.hostname = hostname;
  return url.origin;
}

// The two resources of ours, as the client needs them. Pure.

const group = 'analytics.xtrinode.io';
const version = 'v1';

export const apiVersion = `${group}/${version}`;

export const xtrinodes = Object.freeze({ group, version, kind: 'XTrinode', plural: 'xtrinodes', namespaced: true });
export const xtrinodeCatalogs = Object.freeze({ group, version, kind: 'XTrinodeCatalog', plural: 'xtrinodecatalogs', namespaced: true });

/** Prefix of our annotations, finalizer and event sources. Source: the Go reference. */
export const annotationPrefix = 'xtrinode.analytics.xtrinode.io/';
export const finalizer = `${annotationPrefix}finalizer`;
export const fieldOwner = 'xtrinode-operator';

export const annotations = Object.freeze({
  resumeRequested: `${annotationPrefix}resume-requested`,
  resumeRequestedAt: `${annotationPrefix}resume-requested-at`,
  suspendRequested: `${annotationPrefix}suspend-requested`,
  suspendRequestedAt: `${annotationPrefix}suspend-requested-at`,
  /** Hash of the fields the operator last applied to an object of its own. */
  appliedHash: `${annotationPrefix}applied-hash`,
  /** On the Secret with the gateway's seal keys: when its current key was made. */
  sealRotatedAt: `${annotationPrefix}rotated-at`,
});

export const systemNamespace = 'xtrinode-system';
export const gatewayNamespace = 'xtrinode-gateway';
export const routesConfigMap = 'trino-gateway-routes';
/** Keys `current` and `previous`: what gateways seal waiting statements with (design D4). */
export const gatewaySealSecret = 'xtrinode-gateway-seal';
/** What clients of the gateway show as X-API-Key: lines `id: "sha256:HEX,..."` under one key. Names of the Go reference. */
export const gatewayApiKeysSecret = 'trino-gateway-api-keys';
export const gatewayApiKeysField = 'api-keys';
/** Label that marks every shard of the route table. */
export const routesLabel = `${annotationPrefix}routes`;

/** Marks a demand Lease with the name of its runtime. */
export const demandLabel = 'xtrinode.io/demand-for';

/** On a demand Lease: when each gateway was last heard, `{"<gateway>": <epoch ms>}`, so that one may stop waiting without the others. */
export const demandByAnnotation = 'xtrinode.io/demand-by';

/** The demand Lease of one runtime lives in the runtime's own namespace (design D8). */
export function demandLeaseName(runtimeName: string): string {
  return `xtrinode-demand-${runtimeName}`;
}

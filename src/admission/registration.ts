// The ValidatingWebhookConfiguration that makes API servers ask us. Pure. There is no mutating one: all that is defaulted is
// defaulted by the schemas (decision 0016).
import type { KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import type { Resource } from '#kube/port.ts';

/** Not in kube/resources.ts: the embedded API serves what is there, and it has no webhooks. */
export const validatingWebhookConfigurations: Resource = Object.freeze({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
});

/** Where the certificates of the webhooks are kept. */
export const certificateSecretName = 'xtrinode-webhook-tls';

/** One object for all webhooks of one installation. */
export const registrationName = 'xtrinode-admission';

/** Whether they get through as Service of the cluster, or by an address that the API server can reach. */
export type Reach =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  /** Scheme, host and port. */
  | { readonly url: string };

/** Paths are those of the Go reference (reference-api 3.1). */
export const paths: Readonly<Record<string, string>> = Object.freeze({
  [xtrinodes.kind]: '/validate-analytics-xtrinode-io-v1-xtrinode',
  [xtrinodeCatalogs.kind]: '/validate-analytics-xtrinode-io-v1-xtrinodecatalog',
});

/** Enough for an answer that takes no I/O of ours; a request that waits longer waits for a process that is not there. */
const timeoutSeconds = 5;

/**
 * What is settled is not asked about: metadata alone, and objects that are going away. So finalizers come and go, and deletion
 * proceeds, also while no operator runs.
 */
const matchConditions = [
  { name: 'spec-changes', expression: "request.operation == 'CREATE' || !has(oldObject.spec) || object.spec != oldObject.spec" },
  { name: 'stays', expression: '!has(object.metadata.deletionTimestamp)' },
];

function clientConfig(reach: Reach, path: string, caBundle: string): object {
  return 'url' in reach ? { url: new URL(path, reach.url).href, caBundle } : { service: { ...reach.service, path }, caBundle };
}

/** Every field is given, also the defaults, so that comparing with what is there needs no knowledge of defaults. */
export function renderRegistration(reach: Reach, caCertificates: string): KubeObject {
  const caBundle = Buffer.from(caCertificates).toString('base64');
  const webhooks = [xtrinodes, xtrinodeCatalogs].map((resource) => ({
    name: `${resource.plural}.admission.${resource.group}`,
    admissionReviewVersions: ['v1'],
    clientConfig: clientConfig(reach, paths[resource.kind] as string, caBundle),
    // What the schema cannot refuse would reach Trino's configuration: better no change than an unchecked one.
    failurePolicy: 'Fail',
    matchConditions,
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    rules: [
      {
        apiGroups: [resource.group],
        apiVersions: [resource.version],
        operations: ['CREATE', 'UPDATE'],
        resources: [resource.plural],
        scope: 'Namespaced',
      },
    ],
    sideEffects: 'None',
    timeoutSeconds,
  }));
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: registrationName, labels: { 'app.kubernetes.io/managed-by': 'xtrinode-operator' } },
    webhooks,
  } as KubeObject;
}

interface ClientConfig {
  readonly url?: string;
  readonly service?: { readonly namespace: string; readonly name: string; readonly port?: number };
  readonly caBundle?: string;
}

function clientConfigs(registration: KubeObject | undefined): readonly ClientConfig[] {
  const { webhooks = [] } = (registration ?? {}) as { readonly webhooks?: readonly { readonly clientConfig?: ClientConfig }[] };
  return webhooks.map(({ clientConfig: config }) => config ?? {});
}

/** The CA certificates that API servers trust now, by what the stored configuration says; PEM, concatenated. */
export function publishedBundle(registration: KubeObject | undefined): string {
  const bundles = clientConfigs(registration).map(({ caBundle = '' }) => Buffer.from(caBundle, 'base64').toString());
  // What only one of them trusts is not trusted.
  return bundles.length > 0 && bundles.every((bundle) => bundle === bundles[0]) ? (bundles[0] as string) : '';
}

/** How API servers reach webhooks now, by what the stored configuration says. */
export function publishedReach(registration: KubeObject | undefined): Reach | undefined {
  const [config] = clientConfigs(registration);
  if (config?.service !== undefined) return { service: { port: 443, ...config.service } };
  return config?.url === undefined || !URL.canParse(config.url) ? undefined : { url: new URL(config.url).origin };
}

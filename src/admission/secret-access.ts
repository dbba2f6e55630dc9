// Whoever names a Secret in a catalog or runtime must be allowed to read it: the operator can read it, and Trino could send what is in
// it anywhere. Asked of the API server itself, of every reference that is new, so that a change of labels needs no such right.
// Source: reference-api 3.8, 6.7.
import type { KubeObject } from '#core/objects.ts';
import type { ConnectorFields, XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import { fieldOwner } from '#apis/v1/resources.ts';
import type { KubeApi, Resource } from '#kube/port.ts';

/** Who asks, as an AdmissionReview has it. */
export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface SecretReference {
  /** Path from the object's root. */
  readonly field: string;
  readonly secret: string;
}

/** False with the API server's reason, if it gives one. Throws when it does not answer. */
export type MayReadSecret = (
  user: UserInfo,
  namespace: string,
  secret: string,
) => Promise<{ readonly isAllowed: boolean; readonly reason: string }>;

/** Not in kube/resources.ts: the embedded API serves what is there, and it knows one user, who may do everything. */
export const subjectAccessReviews: Resource = Object.freeze({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
});

/** Within the time that the API server gives a webhook. */
const askTimeoutMs = 3_000;

type PropertyFields = Pick<ConnectorFields, 'propertySecretRefs'>;

function referencesOf(object: KubeObject | undefined): readonly SecretReference[] {
  const { connector } = (object as XTrinodeCatalog | undefined)?.spec ?? {};
  const { spooling } = (object as XTrinode | undefined)?.spec ?? {};
  const named: readonly (readonly [string, PropertyFields])[] = [
    ...Object.entries(connector ?? {}).map(([key, input]) => [`connector.${key}`, input] as const),
    ...(spooling === undefined ? [] : [['spooling', spooling as PropertyFields] as const]),
  ];
  return named.flatMap(([key, input]) =>
    Object.entries(input.propertySecretRefs ?? {}).map(([property, { name }]) => ({
      field: `spec.${key}.propertySecretRefs[${property}]`,
      secret: name,
    })),
  );
}

/** References to Secrets that the object did not name before, the first of each. Pure. */
export function newSecretReferences(object: KubeObject, oldObject: KubeObject | undefined): readonly SecretReference[] {
  const known = new Set(referencesOf(oldObject).map(({ secret }) => secret));
  return referencesOf(object).filter(({ secret }) => {
    const isNew = !known.has(secret);
    known.add(secret);
    return isNew;
  });
}

interface Answered extends KubeObject {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
}

export function createSecretAccess(api: KubeApi): MayReadSecret {
  return async ({ username, uid, groups, extra }, namespace, secret) => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: {
        ...(username === undefined ? {} : { user: username }),
        ...(uid === undefined ? {} : { uid }),
        ...(groups === undefined ? {} : { groups }),
        ...(extra === undefined ? {} : { extra }),
        resourceAttributes: { namespace, verb: 'get', group: '', version: 'v1', resource: 'secrets', name: secret },
      },
    };
    const options = { fieldManager: fieldOwner, timeoutMs: askTimeoutMs };
    const { status } = await api.create<Answered>(subjectAccessReviews, review, options);
    return { isAllowed: status?.allowed === true, reason: status?.reason ?? '' };
  };
}

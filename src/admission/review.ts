// AdmissionReview, version admission.k8s.io/v1, as the API server sends it and expects it back. What is admitted is judged by
// the functions that the embedded API calls in process, so both refuse the same in the same words; only who may name a Secret
// is asked of the API server.
import type { KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { newSecretReferences, type MayReadSecret, type UserInfo } from './secret-access.ts';
import { validateXTrinode, validateXTrinodeCatalog, type AdmissionInput, type Verdict } from './xtrinode.ts';

const reviewVersion = 'admission.k8s.io/v1';

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: GroupVersionKind;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: string;
  readonly object?: KubeObject | null;
  readonly oldObject?: KubeObject | null;
  readonly dryRun?: boolean;
  readonly userInfo?: UserInfo;
}

export interface AdmissionReview {
  readonly apiVersion: typeof reviewVersion;
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: object;
    readonly warnings?: readonly string[];
  };
}

const judges: Readonly<Record<string, (input: AdmissionInput) => Verdict>> = {
  [xtrinodes.kind]: validateXTrinode,
  [xtrinodeCatalogs.kind]: validateXTrinodeCatalog,
};

/** The request of a review, or one sentence on why the body is none. */
export function parseReview(body: unknown): AdmissionRequest | string {
  const review = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  if (review['kind'] !== 'AdmissionReview' || review['apiVersion'] !== reviewVersion)
    return `the body is not an AdmissionReview of ${reviewVersion}`;
  const request = review['request'] as Partial<AdmissionRequest> | undefined;
  if (typeof request?.uid !== 'string' || typeof request.kind?.kind !== 'string' || typeof request.operation !== 'string')
    return 'the review has no request with uid, kind and operation';
  return request as AdmissionRequest;
}

function answer(uid: string, allowed: boolean, warnings: readonly string[], status?: object): AdmissionReview {
  const response = { uid, allowed, ...(status === undefined ? {} : { status }), ...(warnings.length === 0 ? {} : { warnings }) };
  return { apiVersion: reviewVersion, kind: 'AdmissionReview', response };
}

/** The API server cuts all warnings of one answer at 4,096 characters, and kubectl shows each on a line of its own. */
const longestWarning = 1_024;

function shortened(warning: string): string {
  return warning.length <= longestWarning ? warning : `${warning.slice(0, longestWarning - 4)} ...`;
}

/** Status Invalid with one cause per field: kubectl lists them as it lists the errors of a schema. */
function invalidStatus({ kind, name = '', object }: AdmissionRequest, { errors }: Verdict): object {
  const shown = name === '' ? (object?.metadata.generateName ?? '') : name;
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    reason: 'Invalid',
    code: 422,
    message: `${kind.kind}.${kind.group} "${shown}" is invalid: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`,
    details: {
      name: shown,
      group: kind.group,
      kind: kind.kind,
      causes: errors.map(({ field, message }) => ({ reason: 'FieldValueInvalid', message, field })),
    },
  };
}

function unknownKind({ uid, kind }: AdmissionRequest): AdmissionReview {
  const message =
    `this webhook judges XTrinode and XTrinodeCatalog of ${xtrinodes.group}/${xtrinodes.version}, not ${kind.kind} of ` +
    `${kind.group === '' ? kind.version : `${kind.group}/${kind.version}`}: take that kind out of the ValidatingWebhookConfiguration that sent it`;
  return answer(uid, false, [], { status: 'Failure', reason: 'BadRequest', code: 400, message });
}

/** A refusal that is about the user, not about the object. */
function forbidden(
  { uid, kind, name = '', namespace = '', userInfo }: AdmissionRequest,
  field: string,
  secret: string,
  reason: string,
): AdmissionReview {
  const user = JSON.stringify(userInfo?.username ?? '');
  const why = reason === '' ? '' : ` (${reason})`;
  const message =
    `${kind.kind}.${kind.group} "${name}" is forbidden: ${field}: user ${user} may not read Secret ${namespace}/${secret}, and who names a Secret ` +
    `in a catalog must be allowed to${why}: grant "get" on secrets "${secret}" in namespace ${namespace}, or name another Secret`;
  return answer(uid, false, [], { status: 'Failure', reason: 'Forbidden', code: 403, message });
}

function unanswered({ uid }: AdmissionRequest, error: unknown): AdmissionReview {
  const message = `who may read the Secrets that it names cannot be asked now, try again: ${error instanceof Error ? error.message : String(error)}`;
  return answer(uid, false, [], { status: 'Failure', reason: 'ServiceUnavailable', code: 503, message });
}

/** The first Secret that the user may not read, as a refusal; asked only of what is right in all else. */
async function judgeAccess(request: AdmissionRequest, mayReadSecret: MayReadSecret): Promise<AdmissionReview | undefined> {
  const { object, oldObject, namespace = '', userInfo = {} } = request;
  if (object === undefined || object === null || object.metadata.deletionTimestamp !== undefined) return undefined;
  const references = newSecretReferences(object, oldObject ?? undefined);
  try {
    const answers = await Promise.all(references.map(({ secret }) => mayReadSecret(userInfo, namespace, secret)));
    const at = answers.findIndex(({ isAllowed }) => !isAllowed);
    const [reference, refusal] = [references[at], answers[at]];
    return reference === undefined ? undefined : forbidden(request, reference.field, reference.secret, refusal?.reason ?? '');
  } catch (error) {
    return unanswered(request, error);
  }
}

export type Judge = (request: AdmissionRequest) => Promise<AdmissionReview>;

/** Never has an effect beside its answer, so a dry run needs nothing special. */
export function createJudge(mayReadSecret: MayReadSecret): Judge {
  return async (request) => {
    const { uid, kind, operation, object, oldObject } = request;
    const validate = kind.group === xtrinodes.group && kind.version === xtrinodes.version ? judges[kind.kind] : undefined;
    if (validate === undefined) return unknownKind(request);
    if (operation === 'DELETE' || object === undefined || object === null) return answer(uid, true, []);
    const verdict = validate({ operation, object, ...(oldObject === undefined || oldObject === null ? {} : { oldObject }) });
    const warnings = verdict.warnings.map(shortened);
    if (verdict.errors.length > 0) return answer(uid, false, warnings, invalidStatus(request, verdict));
    return (await judgeAccess(request, mayReadSecret)) ?? answer(uid, true, warnings);
  };
}

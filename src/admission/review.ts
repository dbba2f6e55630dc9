// AdmissionReview, version admission.k8s.io/v1, as the API server sends it and expects it back. Pure; what is admitted is
// judged by the functions that the embedded API calls in process, so both refuse the same in the same words.
import type { KubeObject } from '#core/objects.ts';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
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

/** Never has an effect beside its answer, so a dry run needs nothing special. */
export function judge(request: AdmissionRequest): AdmissionReview {
  const { uid, kind, operation, object, oldObject } = request;
  const validate = kind.group === xtrinodes.group && kind.version === xtrinodes.version ? judges[kind.kind] : undefined;
  if (validate === undefined) {
    const message =
      `this webhook judges XTrinode and XTrinodeCatalog of ${xtrinodes.group}/${xtrinodes.version}, not ${kind.kind} of ` +
      `${kind.group === '' ? kind.version : `${kind.group}/${kind.version}`}: take that kind out of the ValidatingWebhookConfiguration that sent it`;
    return answer(uid, false, [], { status: 'Failure', reason: 'BadRequest', code: 400, message });
  }
  if (operation === 'DELETE' || object === undefined || object === null) return answer(uid, true, []);
  const verdict = validate({ operation, object, ...(oldObject === undefined || oldObject === null ? {} : { oldObject }) });
  const warnings = verdict.warnings.map(shortened);
  return verdict.errors.length === 0 ? answer(uid, true, warnings) : answer(uid, false, warnings, invalidStatus(request, verdict));
}

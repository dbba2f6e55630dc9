// Admission in process: functions that may change or refuse an object of a kind before it is stored, run for every writer.
// The embedded API's counterpart of admission webhooks; it does not know what the functions check.
import type { KubeObject } from '#core/objects.ts';
import type { FieldProblem } from './refusals.ts';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly object: KubeObject;
  readonly oldObject?: KubeObject;
  readonly isDryRun: boolean;
  readonly userInfo?: { readonly username: string };
}

export interface AdmissionFieldError {
  readonly field: string;
  /** Complete words, e.g. `Invalid value: "x": must be ...`. */
  readonly message: string;
  readonly reason?: string;
}

export interface AdmissionVerdict {
  readonly errors: readonly AdmissionFieldError[];
  /** Shown by kubectl as `Warning: ...`. */
  readonly warnings: readonly string[];
}

export interface Admission {
  /** A changed copy, or undefined for no change. Not called for DELETE. */
  mutate?(request: AdmissionRequest): object | undefined;
  validate?(request: AdmissionRequest): AdmissionVerdict;
}

export class AdmissionTable {
  readonly #byKind = new Map<string, Admission[]>();

  register({ group, kind }: { readonly group: string; readonly kind: string }, admission: Admission): void {
    const id = `${group}/${kind}`;
    this.#byKind.set(id, [...(this.#byKind.get(id) ?? []), admission]);
  }

  mutate(group: string, request: AdmissionRequest): KubeObject {
    let { object } = request;
    for (const admission of this.#of(group, request)) {
      object = (admission.mutate?.({ ...request, object }) as KubeObject | undefined) ?? object;
    }
    return object;
  }

  /** The problems found; warnings go to `warn`. */
  validate(group: string, request: AdmissionRequest, warn: (message: string) => void): FieldProblem[] {
    const problems: FieldProblem[] = [];
    for (const admission of this.#of(group, request)) {
      const verdict = admission.validate?.(request);
      verdict?.warnings.forEach((warning) => warn(warning));
      for (const { field, message, reason } of verdict?.errors ?? []) {
        problems.push({ field, message, reason: (reason as FieldProblem['reason'] | undefined) ?? 'FieldValueInvalid' });
      }
    }
    return problems;
  }

  #of(group: string, request: AdmissionRequest): readonly Admission[] {
    return this.#byKind.get(`${group}/${request.object.kind}`) ?? [];
  }
}

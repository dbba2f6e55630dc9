// Rules as x-kubernetes-validations say them: an expression, and words for people. Used when the CRDs are generated. A rule
// that stands at a text is shown with the text by the API server; one that stands higher names the values itself.
import type { z } from 'zod';
import { celText } from '#core/property-text.ts';

export interface CelRule {
  /** True where all is well. */
  readonly rule: string;
  /** What is wrong and how to mend it. Also shown when `messageExpression` cannot be evaluated. */
  readonly message: string;
  /** The same with the values in it. */
  readonly messageExpression?: string;
  /** The field below that is at fault. */
  readonly fieldPath?: string;
  /** FieldValueForbidden keeps the value out of the message: it may be a secret. */
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
}

export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly CelRule[]): S {
  return schema.meta({ 'x-kubernetes-validations': rules });
}

export function matches(pattern: string, message: string): CelRule {
  return { rule: `self.matches(${celText(pattern)})`, message };
}

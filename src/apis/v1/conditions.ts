// Condition types and reasons of ours, and the one way to set a condition. Pure. Source: reference-api section 5.4.
import type { Condition } from '#core/objects.ts';

export const conditionTypes = ['CatalogsReady', 'TrinoResourcesReady', 'RuntimeReady', 'RouteReady', 'FieldsIgnored', 'Ready'] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** A judgement of one step; the reporter adds time and generation. */
export interface Judgement {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** PascalCase. */
  readonly reason: string;
  readonly message: string;
}

/** A longer one would be refused, and the status with it. Source: metav1.Condition. */
const longestMessage = 32_768;

/** The next conditions: a transition time moves only when the status does, so a settled object stays equal to itself. */
export function nextConditions(before: readonly Condition[], judged: readonly Judgement[], generation: number, now: string): Condition[] {
  return judged.map((judgement) => {
    const old = before.find(({ type }) => type === judgement.type);
    const hasMoved = old === undefined || old.status !== judgement.status;
    const message =
      judgement.message.length <= longestMessage ? judgement.message : `${judgement.message.slice(0, longestMessage - 4)} ...`;
    return { ...judgement, message, lastTransitionTime: hasMoved ? now : old.lastTransitionTime, observedGeneration: generation };
  });
}

// Which fields of the spec are kept without effect. Owns condition FieldsIgnored: never silence (design section 3). Pure.
import type { Judgement } from '#apis/v1/conditions.ts';
import { findIgnoredFields } from '#apis/v1/xtrinode.rules.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export function judgeIgnoredFields(seen: RuntimeSnapshot): Judgement {
  const ignored = findIgnoredFields(seen.runtime.spec);
  const type = 'FieldsIgnored';
  if (ignored.length === 0) return { type, status: 'False', reason: 'NoneIgnored', message: 'every field that is set has its effect' };
  return { type, status: 'True', reason: 'NotSupportedYet', message: `kept, but without effect in this release: ${ignored.join(', ')}` };
}

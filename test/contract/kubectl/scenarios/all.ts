import type { Scenario } from '../scenario.ts';
import { applying } from './applying.ts';
import { asking } from './asking.ts';
import { changing } from './changing.ts';
import { creating } from './creating.ts';
import { deleting } from './deleting.ts';
import { describing } from './describing.ts';
import { following } from './following.ts';
import { leftOut } from './left-out.ts';
import { reading } from './reading.ts';

/** Long ones first: they run a few at a time. */
export const scenarios: readonly Scenario[] = [
  ...asking,
  ...applying,
  ...reading,
  ...changing,
  ...following,
  ...describing,
  ...deleting,
  ...creating,
  ...leftOut,
];

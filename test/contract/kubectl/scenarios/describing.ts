import { leavesOut, same, type Scenario } from '../scenario.ts';
import { all, eventIn } from './manifests.ts';

export const describing: readonly Scenario[] = [
  {
    name: 'describe',
    namespace: 'replay-describe',
    steps: [
      same('apply -f -', { stdin: all }),
      same('create -f -', { stdin: eventIn('replay-describe') }),
      same('describe tn sales'),
      same('describe tn -l team=none'),
      same('describe pod worker'),
      same('describe configmap settings'),
      same('describe secret password'),
      same('describe service front'),
      leavesOut('quotas and limit ranges', 'describe namespace replay-describe'),
      same('describe tn nobody'),
    ],
  },
];

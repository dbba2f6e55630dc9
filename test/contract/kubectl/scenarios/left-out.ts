// What the embedded API does not do, and says so.
import { refuses, same, type Scenario } from '../scenario.ts';
import { pod } from './manifests.ts';

const unknown = (plural: string): string => `error: the server doesn't have a resource type "${plural}"`;
const notFound = 'the server could not find the requested resource';
const notServed = 'is not served by the embedded API of XTrinode';

export const leftOut: readonly Scenario[] = [
  {
    name: 'what the embedded API leaves out, it refuses in one line',
    namespace: 'replay-left-out',
    steps: [
      same('apply -f -', { stdin: pod }),
      refuses('get rs', unknown('rs')),
      refuses('get endpointslices', unknown('endpointslices')),
      refuses('get roles', unknown('roles')),
      refuses('get hpa', unknown('hpa')),
      refuses(
        'create role reader --verb=get --resource=pods',
        `Error from server (NotFound): ${notFound} (post roles.rbac.authorization.k8s.io)`,
      ),
      refuses('create token default', `error: failed to create token: "token" of serviceaccounts ${notServed}`),
      refuses('exec worker -- ls', `error: unable to upgrade connection: "exec" of pods ${notServed}`),
      refuses('create job once --image=example:1', `error: failed to create job: ${notFound} (post jobs.batch)`),
      refuses('get --raw /metrics', `Error from server (NotFound): ${notFound}`),
    ],
  },
];

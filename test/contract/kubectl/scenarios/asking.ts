import { leavesOut, same, type Scenario } from '../scenario.ts';

const fewerKinds = 'kinds that nothing of ours uses';

export const asking: readonly Scenario[] = [
  {
    name: 'explain',
    namespace: 'replay-explain',
    steps: [
      same('explain tn'),
      same('explain tn.spec.routing.header'),
      same('explain tn --recursive'),
      same('explain pod'),
      same('explain pod.spec.containers.livenessProbe'),
      same('explain deployment.spec.strategy'),
      same('explain configmap'),
      same('explain lease.spec'),
      same('explain crd.spec.versions'),
      same('explain netpol.spec --recursive'),
      same('explain tn.spec.nothing'),
      same('explain unheard'),
    ],
  },
  {
    name: 'what the server is and serves',
    namespace: 'replay-server',
    steps: [
      same('version'),
      same('cluster-info'),
      leavesOut(fewerKinds, 'api-resources -o wide'),
      same('api-resources --api-group=analytics.xtrinode.io -o wide'),
      leavesOut(fewerKinds, 'api-versions'),
      same('get --raw /healthz'),
      same('get --raw /readyz'),
      same('get --raw /nothing'),
      same('get crd xtrinodes.analytics.xtrinode.io'),
      same('auth can-i create tn'),
      same('auth can-i nope nopes'),
      same('auth can-i get /healthz'),
      leavesOut('what everybody may: there is one user', 'auth can-i --list'),
    ],
  },
];

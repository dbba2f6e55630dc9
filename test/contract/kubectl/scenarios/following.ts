import { alone, refuses, same, type Scenario } from '../scenario.ts';
import { deployment, pod, runtime } from './manifests.ts';

const ready = '[{"type":"Ready","status":"True","reason":"Runs","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]';
const noKubelet = 'its node has no kubelet';

export const following: readonly Scenario[] = [
  {
    name: 'wait and rollout',
    namespace: 'replay-wait',
    steps: [
      same('apply -f -', { stdin: `${runtime}---${deployment}` }),
      same('wait --for=condition=Ready tn/sales --timeout=1s'),
      same(`patch tn sales --subresource=status --type=merge -p '{"status":{"conditions":${ready}}}'`),
      same('wait --for=condition=Ready tn/sales --timeout=20s'),
      same('wait --for=condition=Ready=False tn/sales --timeout=1s'),
      same("wait --for=jsonpath='{.spec.size}'=s tn/sales --timeout=20s"),
      same("wait --for=jsonpath='{.status.conditions[0].reason}' tn --all --timeout=20s"),
      same('wait --for=create tn/sales --timeout=20s'),
      same('wait --for=delete tn/sales --timeout=1s'),
      same('wait --for=delete tn/nobody --timeout=20s'),
      same('wait --for=condition=Ready tn/nobody --timeout=20s'),
      same('wait --for=condition=Available deploy/front --timeout=20s'),
      same('rollout status deploy/front --timeout=20s'),
      same('rollout restart deploy/front'),
      same('rollout status deploy/front --timeout=20s'),
      same('rollout pause deploy/front'),
      same('rollout resume deploy/front'),
      same('rollout status tn/sales'),
      same('rollout status deploy/nobody'),
      refuses(
        'rollout history deploy/front',
        'error: failed to retrieve replica sets from deployment front: Unable to find "replicasets" that match label selector "app=front", field selector "": the server could not find the requested resource',
      ),
    ],
  },
  {
    name: 'logs',
    namespace: 'replay-logs',
    steps: [
      same('apply -f -', { stdin: pod }),
      alone(noKubelet, 'logs worker', 'first\nsecond\n'),
      alone(noKubelet, 'logs worker -c main --tail=1', 'second\n'),
      alone(noKubelet, 'logs -l team=sales --prefix', '[pod/worker/main] first\n[pod/worker/main] second\n'),
      same('logs nobody'),
      same('logs worker -c nothing'),
      same('logs tn/sales'),
    ],
  },
];

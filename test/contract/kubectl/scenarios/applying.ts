import { leavesOut, same, type Scenario } from '../scenario.ts';
import { all, configMap, deployment, pod, runtime } from './manifests.ts';

const bigger = runtime.replace('maxWorkers: 3', 'maxWorkers: 5');
const wrong = runtime.replace('size: s', 'size: huge');
const unknown = runtime.replace('size: s', 'sizze: s, size: s');

export const applying: readonly Scenario[] = [
  {
    name: 'apply, client side',
    namespace: 'replay-apply',
    steps: [
      same('apply -f - --dry-run=client', { stdin: runtime }),
      same('apply -f - --dry-run=server', { stdin: all }),
      same('apply -f -', { stdin: all }),
      same('apply -f -', { stdin: all }),
      same('diff -f -', { stdin: bigger }),
      same('apply -f - --dry-run=server -o yaml', { stdin: bigger }),
      same('apply -f -', { stdin: bigger }),
      same('apply -f -', { stdin: deployment.replace('example:1', 'example:2') }),
      same('apply -f -', { stdin: deployment.replace('name: main', 'name: other') }),
      same("get deploy front -o jsonpath='{.spec}'"),
      same('apply -f -', { stdin: configMap.replace('color: red, ', '') }),
      same('get cm settings -o yaml'),
      same('apply -f -', { stdin: wrong }),
      same('apply -f -', { stdin: unknown }),
      same('apply -f - --validate=warn', { stdin: unknown }),
      same('apply -f - --validate=ignore', { stdin: unknown }),
      leavesOut('the difference of two Pods, as Go prints it', 'apply -f -', { stdin: pod.replace('nodeName: replay', 'nodeName: here') }),
      same('apply -f -', { stdin: 'apiVersion: unheard.io/v1\nkind: Thing\nmetadata: {name: a}\n' }),
      same('apply -f -', { stdin: 'kind: ConfigMap\nmetadata: {name: a}\n' }),
      same('apply view-last-applied cm settings'),
    ],
  },
  {
    name: 'apply --server-side',
    namespace: 'replay-ssa',
    steps: [
      same('apply --server-side -f - --dry-run=server', { stdin: all }),
      same('apply --server-side -f -', { stdin: all }),
      same('apply --server-side -f -', { stdin: all }),
      same('diff --server-side -f -', { stdin: bigger }),
      same('apply --server-side --field-manager=other -f -', { stdin: bigger }),
      same('apply --server-side --field-manager=other --force-conflicts -f -', { stdin: bigger }),
      same('apply --server-side -f -', { stdin: runtime }),
      same('get tn sales -o yaml --show-managed-fields'),
      same('patch cm settings --type=merge -p \'{"data":{"color":"blue"}}\''),
      same('apply --server-side -f -', { stdin: configMap }),
      same('apply --server-side -f -', { stdin: wrong }),
      same('apply --server-side -f -', { stdin: unknown }),
      same('get pod worker -o yaml --show-managed-fields'),
    ],
  },
  {
    name: 'apply, from client side to server side and back',
    namespace: 'replay-both',
    steps: [
      same('apply -f -', { stdin: configMap + '---' + runtime }),
      same('apply --server-side -f -', { stdin: configMap + '---' + runtime }),
      same('get cm,tn -l team=sales -o yaml --show-managed-fields'),
      same('apply --server-side -f -', { stdin: configMap.replace('color: red', 'color: blue') }),
      same('apply -f -', { stdin: configMap }),
      same('get cm settings -o yaml --show-managed-fields'),
    ],
  },
];

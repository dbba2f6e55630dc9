import { refuses, same, type Scenario } from '../scenario.ts';
import { configMap, runtime } from './manifests.ts';

const protobuf = (kind: string): string =>
  `the body of the request is protobuf and cannot be read: this server reads ${kind} as JSON or YAML only; with kubectl, make a file of it: --dry-run=client -o yaml | kubectl create -f -`;

export const creating: readonly Scenario[] = [
  {
    name: 'create',
    namespace: 'replay-create',
    steps: [
      same('create namespace replay-created'),
      same('create namespace replay-created'),
      same('create namespace Not_A_Name'),
      same('get namespace replay-created -o yaml'),
      same('create configmap settings --from-literal=color=red --from-literal=size=s'),
      same('create configmap settings'),
      same('create configmap dry --from-literal=a=b --dry-run=server -o yaml'),
      same('create secret generic password --from-literal=password=hidden'),
      same('create serviceaccount robot'),
      same('get cm/settings secret/password sa/robot -o yaml'),
      same('create -f -', { stdin: runtime }),
      same('create -f -', { stdin: runtime }),
      same('create -f - --dry-run=server', { stdin: configMap.replace('settings', 'dry') }),
      same('create -f -', { stdin: configMap.replace('name: settings', 'namespace: elsewhere, name: a') }),
      same('create -f - -n nowhere', { stdin: configMap }),
      same('create deployment front --image=example:1 --dry-run=client -o yaml'),
      refuses('create deployment front --image=example:1', `error: failed to create deployment: ${protobuf('Deployment')}`),
      refuses('create service clusterip front --clusterip=None', `error: failed to create ClusterIP service: ${protobuf('Service')}`),
    ],
  },
];

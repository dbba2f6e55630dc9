import { same, type Scenario } from '../scenario.ts';
import { all, configMap, deployment, runtime } from './manifests.ts';

const held = configMap.replace('name: settings', 'name: held, finalizers: [replay.xtrinode.io/hold]');

export const deleting: readonly Scenario[] = [
  {
    name: 'delete',
    namespace: 'replay-delete',
    steps: [
      same('apply -f -', { stdin: all }),
      same('delete cm settings --dry-run=server'),
      same('delete cm settings --dry-run=client'),
      same('delete cm settings'),
      same('delete cm settings'),
      same('delete cm settings --ignore-not-found'),
      same('delete tn sales nobody'),
      same('delete secret -l team=sales --wait=false'),
      same('delete secret -l team=sales'),
      same('delete svc --all'),
      same('delete pod worker --force --grace-period=0'),
      same('delete deploy front --cascade=foreground'),
      same('apply -f -', { stdin: deployment }),
      same('delete deploy front --cascade=orphan'),
      same('apply -f -', { stdin: runtime }),
      same('delete tn --all --cascade=background'),
      same('delete -f -', { stdin: runtime }),
      same('delete unheard x'),
      same('delete cm'),
      same('delete ns default'),
    ],
  },
  {
    name: 'delete and finalizers',
    namespace: 'replay-held',
    steps: [
      same('apply -f -', { stdin: held }),
      same('delete cm held --timeout=1s'),
      same('get cm held -o yaml'),
      same('patch cm held --type=merge -p \'{"metadata":{"finalizers":["replay.xtrinode.io/hold","replay.xtrinode.io/new"]}}\''),
      same('delete cm held', { meanwhile: 'patch cm held --type=merge -p \'{"metadata":{"finalizers":null}}\'' }),
      same('get cm held'),
    ],
  },
];

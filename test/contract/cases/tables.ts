import assert from 'node:assert/strict';
import type { KubeObject } from '#core/objects.ts';
import {
  configMaps,
  deployments,
  events,
  leases,
  networkPolicies,
  nodes,
  podDisruptionBudgets,
  pods,
  secrets,
  services,
} from '#kube/resources.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import { httpContract, type Ask, type ContractGroup } from '../contract-case.ts';
import { configMap, deployment, me, pod, widget, widgets } from '../contract-objects.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  readonly kind: string;
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

async function tableOf(ask: Ask, path: string): Promise<Table> {
  const answer = await ask({ path, accept: table });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const body = answer.body as Table;
  assert.equal(body.kind, 'Table');
  return body;
}

async function make(api: KubeApi, resource: Resource, object: object): Promise<void> {
  await api.create(resource, object as KubeObject, me);
}

/** Columns and cells are compared with a real API server's; here it is enough that there are any. */
async function shows(ask: Ask, path: string, name: string): Promise<void> {
  const { rows } = await tableOf(ask, path);
  assert.deepEqual(
    rows.map(({ cells }) => cells[0]),
    [name],
  );
}

export const tables: ContractGroup = {
  name: 'tables, as kubectl asks for them',
  cases: [
    httpContract('show custom resources by their printer columns, wide ones with a priority', async ({ api, ask, namespace }) => {
      await make(api, widgets, widget(namespace, { size: 'xs', count: 3, parts: [{ name: 'one' }] }));
      const { columnDefinitions, rows } = await tableOf(ask, `/apis/contract.xtrinode.io/v1/namespaces/${namespace}/widgets`);
      assert.deepEqual(
        columnDefinitions.map(({ name, priority }) => [name, priority]),
        [
          ['Name', 0],
          ['Size', 0],
          ['Count', 0],
          ['Phase', 0],
          ['Parts', 1],
          ['Age', 0],
        ],
      );
      assert.deepEqual(rows[0]?.cells.slice(0, 5), ['w', 'xs', 3, null, 'one']);
      await tableOf(ask, `/apis/contract.xtrinode.io/v1/namespaces/${namespace}/widgets/w`);
    }),
    httpContract('show ConfigMaps and Secrets with the count of their data', async ({ api, ask, namespace }) => {
      await make(api, configMaps, configMap(namespace, 'a', { data: { k: 'v', l: 'w' } }, { shown: 'yes' }));
      await make(api, secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace }, data: { k: 'dg==' } });
      await shows(ask, `/api/v1/namespaces/${namespace}/configmaps?labelSelector=shown`, 'a');
      await shows(ask, `/api/v1/namespaces/${namespace}/secrets`, 's');
    }),
    httpContract('show a Pod by the state of its containers', async ({ api, ask, namespace }) => {
      await make(api, pods, pod(namespace, 'p'));
      await shows(ask, `/api/v1/namespaces/${namespace}/pods`, 'p');
      const key = { namespace, name: 'p' };
      const report = (status: object) => api.patch(pods, key, 'merge', { status }, { ...me, subresource: 'status' });
      const container = { name: 'c', image: 'x:1', imageID: 'x', restartCount: 2, ready: false };
      await report({
        phase: 'Running',
        podIP: '127.0.1.1',
        containerStatuses: [{ ...container, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      });
      await shows(ask, `/api/v1/namespaces/${namespace}/pods`, 'p');
      await report({ containerStatuses: [{ ...container, ready: true, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }] });
      await shows(ask, `/api/v1/namespaces/${namespace}/pods`, 'p');
      await report({ phase: 'Failed', containerStatuses: [{ ...container, state: { terminated: { exitCode: 3, reason: 'Error' } } }] });
      await shows(ask, `/api/v1/namespaces/${namespace}/pods`, 'p');
      await report({ containerStatuses: [{ ...container, state: { terminated: { exitCode: 3 } } }] });
      await shows(ask, `/api/v1/namespaces/${namespace}/pods`, 'p');
    }),
    httpContract('show what runs: Deployments, Services, budgets, policies, leases', async ({ api, ask, namespace }) => {
      await make(api, deployments, {
        ...deployment(namespace, 'd'),
        spec: { ...deployment(namespace, 'd').spec, paused: true, replicas: 0 },
      });
      const ports = [
        { name: 'http', port: 80 },
        { name: 'udp', port: 53, protocol: 'UDP' },
      ];
      await make(api, services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', namespace },
        spec: { clusterIP: 'None', selector: { app: 'x' }, ports },
      });
      await make(api, podDisruptionBudgets, {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'b', namespace },
        spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } },
      });
      await make(api, networkPolicies, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'n', namespace },
        spec: { podSelector: { matchLabels: { app: 'x' } }, ingress: [{}] },
      });
      await make(api, leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l', namespace },
        spec: { holderIdentity: 'me' },
      });
      await shows(ask, `/apis/apps/v1/namespaces/${namespace}/deployments`, 'd');
      await shows(ask, `/api/v1/namespaces/${namespace}/services`, 's');
      await shows(ask, `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, 'b');
      await shows(ask, `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, 'n');
      await shows(ask, `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, 'l');
    }),
    httpContract('show Nodes, Namespaces, Events and definitions', async ({ api, ask, namespace }) => {
      const name = `node-${namespace}`;
      await make(api, nodes, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'node-role.kubernetes.io/x': '' } },
        spec: { unschedulable: true },
      });
      await shows(ask, `/api/v1/nodes?fieldSelector=metadata.name=${name}`, name);
      await shows(ask, `/api/v1/namespaces?fieldSelector=metadata.name=${namespace}`, namespace);
      await shows(
        ask,
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.contract.xtrinode.io`,
        'widgets.contract.xtrinode.io',
      );
      await make(api, events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'e', namespace },
        involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'a' },
        type: 'Normal',
        reason: 'Seen',
        message: 'it was seen',
        source: { component: 'contract', host: 'here' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-02T00:00:00Z',
        count: 3,
      });
      await tableOf(ask, `/api/v1/namespaces/${namespace}/events`);
      await api.remove(nodes, { name });
    }),
    httpContract('carry whole objects or none on request', async ({ api, ask, namespace }) => {
      await make(api, configMaps, configMap(namespace, 'a', { data: { k: 'v' } }, { shown: 'yes' }));
      const path = `/api/v1/namespaces/${namespace}/configmaps?labelSelector=shown`;
      await tableOf(ask, `${path}&includeObject=Object`);
      await tableOf(ask, `${path}&includeObject=None`);
    }),
    httpContract('list metadata alone', async ({ api, ask, namespace }) => {
      await make(api, configMaps, configMap(namespace, 'a', { data: { k: 'v' } }, { shown: 'yes' }));
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const heads = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
      assert.equal((await ask({ path: `${path}?labelSelector=shown`, accept: heads })).status, 200);
      assert.equal((await ask({ path: `${path}/a`, accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })).status, 200);
    }),
  ],
};

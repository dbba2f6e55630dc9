// A server under contract: how its cases get at it, over HTTP or in process.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { load } from 'js-yaml';
import { warningsOf } from '#kube/client/answers.ts';
import type { KubeApi } from '#kube/port.ts';
import { customResourceDefinitions, namespaces } from '#kube/resources.ts';
import type { Ask, HttpContext, RawAnswer } from './contract-case.ts';
import { me, widgetDefinition, type Widget } from './contract-objects.ts';
import { until } from './expectations.ts';

export interface ContractServer {
  readonly api: KubeApi;
  /** Absent for an API in process. */
  readonly ask?: Ask;
  /** What was before now can no longer be watched or continued: as after a long time. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export async function defineWidgets(api: KubeApi): Promise<void> {
  await api.apply(customResourceDefinitions, widgetDefinition, { ...me, force: true });
  await until(api, customResourceDefinitions, undefined, (definition) => {
    const conditions = (definition as Widget).status?.['conditions'] as
      | readonly { readonly type: string; readonly status: string }[]
      | undefined;
    return (
      definition.metadata.name === widgetDefinition.metadata.name &&
      conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true
    );
  });
}

export async function beginCase({ api, ask, forget }: ContractServer): Promise<HttpContext> {
  const made = await api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '', generateName: 'contract-' } }, me);
  return { api, forget, namespace: made.metadata.name, ask: ask ?? (() => assert.fail('this server has no HTTP')) };
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

/** Of a watch, an event per line, and maybe none. */
function parse(text: string): unknown {
  if (text === '') return text;
  const lines = text.trimEnd().split('\n');
  return lines.length > 1 && lines.every((line) => line.startsWith('{"type":'))
    ? lines.map((line) => JSON.parse(line) as unknown)
    : JSON.parse(text);
}

/** Plain requests as the user of a kubeconfig of ours. */
export async function askWith(kubeconfigPath: string): Promise<Ask> {
  const { clusters, users } = load(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  return ({ method = 'GET', path, accept = 'application/json', contentType = 'application/json', body }) =>
    new Promise<RawAnswer>((resolve, reject) => {
      const payload = body === undefined ? '' : JSON.stringify(body);
      // else a deletion's body would go without its length
      const length = { 'content-length': Buffer.byteLength(payload) };
      const headers = { ...length, authorization: `Bearer ${users[0].user.token}`, accept, 'content-type': contentType };
      const asking = request(new URL(path, server), { method, headers, ca: Buffer.from(ca, 'base64'), agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = answer.headers['content-type']?.includes('json') === true;
          resolve({
            status: answer.statusCode ?? 0,
            body: isJson ? parse(text) : text,
            warnings: warningsOf(answer.headers['warning']),
          });
        });
      });
      asking.on('error', reject);
      asking.end(payload);
    });
}

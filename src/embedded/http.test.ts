import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import { configMaps, customResourceDefinitions, pods } from '#kube/resources.ts';
import { createEmbeddedApi } from './embedded-api.ts';
import type { EmbeddedApi } from './embedded-api.ts';
import type { Listening } from './listening.ts';
import type { JsonSchema } from './schema.ts';

const timers = new Map<number, () => void>();
const clock: Clock = {
  now: () => Date.UTC(2026, 0, 1),
  after(delayMs, task) {
    timers.set(delayMs, task);
    return () => timers.delete(delayMs);
  },
};

/** The timer of that delay, once the server has set it and written what it had to write. */
async function armed(delayMs: number): Promise<() => void> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const task = timers.get(delayMs);
    if (task !== undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      return task;
    }
  }
}

const me = { fieldManager: 'test' };
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Parsed {
  readonly reason: string;
  readonly message: string;
  readonly details: { readonly causes: unknown };
  readonly status: { readonly allowed: boolean };
  readonly versions: readonly string[];
  readonly resources: readonly { readonly name: string }[];
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: KubeObject }[];
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly { readonly resources: readonly { readonly shortNames: unknown }[] }[];
  }[];
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema & { readonly 'x-kubernetes-group-version-kind': unknown }>> };
}

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.test.io' },
  spec: {
    group: 'test.io',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing', shortNames: ['th'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: 'Size', type: 'string', jsonPath: '.spec.size' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'string', description: 'How big.' } } },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
} as unknown as KubeObject;

describe('embedded API over HTTPS', () => {
  let directory: string;
  let embedded: EmbeddedApi;
  let listening: Listening;
  let token: string;
  let ca: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'embedded-https-'));
    embedded = await createEmbeddedApi({ file: ':memory:', clock, random: Math.random, newUid: randomUUID });
    listening = await embedded.listen({ port: 0, certificateDir: join(directory, 'tls'), kubeconfigPath: join(directory, 'kubeconfig') });
    const kubeconfig = await readFile(listening.kubeconfigPath, 'utf8');
    token = /token: (\S+)/.exec(kubeconfig)?.[1] ?? '';
    ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(kubeconfig)?.[1] ?? '', 'base64').toString();
    await embedded.api.create(customResourceDefinitions, definition, me);
  });
  after(async () => {
    await embedded.stop();
    await rm(directory, { recursive: true });
  });

  function call(
    method: string,
    path: string,
    options: { readonly headers?: Record<string, string>; readonly body?: unknown; readonly token?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${options.token ?? token}`, ...options.headers };
      const sent = request(`${listening.url}${path}`, { method, ca, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(
        options.body === undefined
          ? undefined
          : typeof options.body === 'string' || Buffer.isBuffer(options.body)
            ? options.body
            : JSON.stringify(options.body),
      );
    });
  }
  /** The parsed answer, as deep as the tests look into it. */
  const json = (answer: Answer): Parsed => JSON.parse(answer.text) as Parsed;

  it('lets nobody in without the token of the kubeconfig', async () => {
    for (const path of ['/api/v1/secrets', '/healthz', '/version']) {
      const refused = await call('GET', path, { token: 'wrong' });
      assert.deepEqual([refused.code, json(refused).reason], [401, 'Unauthorized']);
    }
    assert.equal((await call('GET', '/readyz')).text, 'ok');
  });

  it('keeps token, key and kubeconfig for their owner only, and the same across restarts', async () => {
    for (const path of [
      listening.kubeconfigPath,
      join(directory, 'tls', 'token'),
      join(directory, 'tls', 'tls.key'),
      join(directory, 'tls', 'ca.key'),
    ]) {
      assert.equal((await stat(path)).mode & 0o777, 0o600, path);
    }
    const again = await createEmbeddedApi({ file: ':memory:', clock, random: Math.random, newUid: randomUUID });
    const other = await again.listen({ port: 0, certificateDir: join(directory, 'tls'), kubeconfigPath: join(directory, 'second') });
    const withoutServer = (text: string): string => text.replace(/server: .*/, '');
    assert.equal(
      withoutServer(await readFile(other.kubeconfigPath, 'utf8')),
      withoutServer(await readFile(listening.kubeconfigPath, 'utf8')),
    );
    await again.stop();
  });

  it('shows custom resources in the columns of their definition', async () => {
    const thing = {
      apiVersion: 'test.io/v1',
      kind: 'Thing',
      metadata: { name: 'a' },
      spec: { size: 'xs' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    };
    assert.equal((await call('POST', '/apis/test.io/v1/namespaces/default/things', { body: thing })).code, 201);
    const table = json(await call('GET', '/apis/test.io/v1/things', { headers: { accept: TABLE } }));
    assert.deepEqual(
      table.columnDefinitions.map(({ name }) => name),
      ['Name', 'Size', 'Ready', 'Age'],
    );
    assert.deepEqual(table.rows[0]?.cells, ['a', 'xs', 'True', '0s']);
    assert.equal(table.rows[0]?.object.kind, 'PartialObjectMetadata');
  });

  it('takes YAML, and gives YAML to those who accept only that', async () => {
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  since: "2026-01-01"\n';
    assert.equal(
      (await call('POST', '/api/v1/namespaces/default/configmaps', { body, headers: { 'content-type': 'application/yaml' } })).code,
      201,
    );
    const read = await call('GET', '/api/v1/namespaces/default/configmaps/from-yaml', { headers: { accept: 'application/yaml' } });
    assert.match(read.text, /since: .?2026-01-01/);
  });

  it('refuses unknown fields by name when asked to be strict, and warns otherwise', async () => {
    const body = { apiVersion: 'test.io/v1', kind: 'Thing', metadata: { name: 'strict' }, spec: { foo: 1 } };
    const strict = await call('POST', '/apis/test.io/v1/namespaces/default/things?fieldValidation=Strict', { body });
    assert.equal(strict.code, 400);
    assert.match(json(strict).message, /strict decoding error: unknown field "spec\.foo"/);
    const lax = await call('POST', '/apis/test.io/v1/namespaces/default/things?fieldValidation=Warn&dryRun=All', { body });
    assert.deepEqual([lax.code, lax.headers.warning], [201, '299 - "unknown field \\"spec.foo\\""']);
    assert.equal((await call('GET', '/apis/test.io/v1/namespaces/default/things/strict')).code, 404);
  });

  it('shows warnings of admission', async () => {
    embedded.registerAdmission({ group: '', kind: 'Secret' }, { validate: () => ({ errors: [], warnings: ['think "twice"'] }) });
    const made = await call('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 's' } } });
    assert.equal(made.headers.warning, '299 - "think \\"twice\\""');
  });

  it('applies with ownership and names who is in the way', async () => {
    const path = '/api/v1/namespaces/default/configmaps/applied';
    const apply = (manager: string, value: string): Promise<Answer> =>
      call('PATCH', `${path}?fieldManager=${manager}`, {
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {k: ${value}}\n`,
      });
    assert.equal((await apply('one', 'a')).code, 201);
    assert.equal((await apply('one', 'b')).code, 200);
    const refused = await apply('two', 'c');
    assert.deepEqual(
      [refused.code, json(refused).details.causes],
      [409, [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }]],
    );
  });

  it('lists what it serves, also in the aggregated form', async () => {
    const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const aggregated = await call('GET', '/apis', { headers: { accept: v2 } });
    assert.match(aggregated.headers['content-type'] ?? '', /as=APIGroupDiscoveryList/);
    const group = json(aggregated).items.find(({ metadata }) => metadata.name === 'test.io');
    assert.deepEqual(group?.versions[0]?.resources[0]?.shortNames, ['th']);
    assert.equal(json(await call('GET', '/api')).versions[0], 'v1');
    assert.ok(json(await call('GET', '/apis/test.io/v1')).resources.some(({ name }) => name === 'things'));
    assert.equal((await call('GET', '/apis/nope.io/v1')).code, 404);
  });

  it('describes custom resources in OpenAPI, field by field', async () => {
    const index = json(await call('GET', '/openapi/v3'));
    const document = json(await call('GET', index.paths['apis/test.io/v1']?.serverRelativeURL ?? ''));
    const schema = document.components.schemas['io.test.v1.Thing'];
    assert.equal(schema?.properties?.['spec']?.properties?.['size']?.description, 'How big.');
    assert.deepEqual(schema?.['x-kubernetes-group-version-kind'], [{ group: 'test.io', version: 'v1', kind: 'Thing' }]);
  });

  it('streams watches as lines, also as tables, and ends them after timeoutSeconds', async () => {
    await embedded.api.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'watched', namespace: 'default' } }, me);
    const watching = call('GET', '/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=7&fieldSelector=metadata.name%3Dwatched', {
      headers: { accept: TABLE },
    });
    (await armed(7_000))();
    const lines = (await watching).text.trim().split('\n');
    const event = JSON.parse(lines[0] ?? '') as { type: string; object: { kind: string; rows: { cells: unknown[] }[] } };
    assert.deepEqual(
      [lines.length, event.type, event.object.kind, event.object.rows[0]?.cells],
      [1, 'ADDED', 'Table', ['watched', 0, '0s']],
    );
  });

  it('says in one line what it does not do', async () => {
    await embedded.api.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'default' },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      } as KubeObject,
      me,
    );
    for (const what of ['exec', 'attach', 'portforward', 'eviction']) {
      const refused = await call('POST', `/api/v1/namespaces/default/pods/p/${what}`);
      assert.deepEqual([refused.code, json(refused).message], [501, `"${what}" of pods is not served by the embedded API of XTrinode`]);
    }
  });

  it('answers that its one user may do everything', async () => {
    const review = await call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: { spec: {} } });
    assert.deepEqual([review.code, json(review).status.allowed], [201, true]);
  });

  it('reads the protobuf that kubectl sends for small objects, and refuses what it would have to guess', async () => {
    const text = (field: number, value: string | Buffer): Buffer =>
      Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]);
    const send = (kind: string, raw: Buffer): Promise<Answer> => {
      const body = Buffer.concat([Buffer.from('k8s\0'), text(1, Buffer.concat([text(1, 'v1'), text(2, kind)])), text(2, raw)]);
      return call('POST', '/api/v1/namespaces/default/configmaps', {
        body,
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      });
    };
    const entry = text(2, Buffer.concat([text(1, 'k'), text(2, 'v')]));
    const made = await send('ConfigMap', Buffer.concat([text(1, text(1, 'proto')), entry]));
    assert.equal(made.code, 201);
    assert.match(made.text, /"data":\{"k":"v"\}/);
    assert.equal((await send('ConfigMap', text(9, 'unknown'))).code, 415);
    assert.match((await send('Ingress', Buffer.alloc(0))).text, /reads Ingress as JSON or YAML only/);
  });

  it('refuses bodies that are too large, of unknown type, or no JSON', async () => {
    const post = (body: string, contentType: string): Promise<Answer> =>
      call('POST', '/api/v1/namespaces/default/configmaps', { body, headers: { 'content-type': contentType } });
    assert.equal((await post('{', 'application/json')).code, 400);
    assert.equal((await post('k8s', 'application/vnd.kubernetes.protobuf')).code, 415);
    assert.equal((await post(`"${'x'.repeat(3 * 1024 * 1024)}"`, 'application/json')).code, 413);
    assert.equal((await call('GET', '/api/v1/%zz')).code, 400);
  });
});

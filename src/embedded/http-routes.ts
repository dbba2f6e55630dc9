// From path to handler: health, version, discovery, OpenAPI, reviews, and the resources themselves.
import { kubernetesVersion } from './built-in-schemas.ts';
import { answer, answerText, readBody } from './http-exchange.ts';
import type { Exchange } from './http-exchange.ts';
import { REVIEWS, aggregatedDiscovery, coreVersions, groupList, oneGroup, resourceList } from './discovery.ts';
import { handleResource } from './http-resources.ts';
import { asObject } from './json-values.ts';
import { chooseView } from './negotiation.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';
import { NO_SUCH_PATH, methodNotAllowed, noSuchResource } from './refusals.ts';
import type { ServerParts } from './server-parts.ts';

/** The release whose API this server imitates, marked as another build of it. */
function versionInfo(): unknown {
  const release = kubernetesVersion();
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(release) ?? [];
  return {
    major,
    minor,
    gitVersion: `${release}+xtrinode`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: 'linux/amd64',
  };
}

const HEALTH = new Set(['healthz', 'livez', 'readyz']);

export async function route(parts: ServerParts, exchange: Exchange): Promise<void> {
  const [first = '', ...rest] = exchange.path;
  if (HEALTH.has(first)) {
    answerText(exchange, 200, 'ok');
    return;
  }
  switch (first) {
    case '':
      await answer(exchange, 200, { paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] });
      return;
    case 'version':
      await answer(exchange, 200, versionInfo());
      return;
    case 'openapi':
      if (rest[0] === 'v2') {
        answerOpenApiV2(exchange);
      } else {
        await answer(exchange, 200, openApi(parts, rest));
      }
      return;
    case 'api':
      await api(parts, exchange, '', rest);
      return;
    case 'apis':
      await api(parts, exchange, rest[0], rest.slice(1));
      return;
    default:
      throw NO_SUCH_PATH;
  }
}

/** An empty document in protobuf: kubectl looks there for kinds that version 3 does not have, before it says that there is no such kind. */
function answerOpenApiV2({ response }: Exchange): void {
  const swagger2 = Buffer.from([0x0a, 3, ...Buffer.from('2.0')]); // field 1
  response.writeHead(200, { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' }).end(swagger2);
}

function openApi({ registry }: ServerParts, [version, root, ...rest]: readonly string[]): unknown {
  if (version !== 'v3') {
    throw noSuchResource();
  }
  if (root === undefined) {
    return openApiIndex(registry);
  }
  const [group, name] = root === 'api' ? ['', rest[0]] : [rest[0], rest[1]];
  if (group === undefined || name === undefined || registry.groups().get(group)?.includes(name) !== true) {
    throw noSuchResource();
  }
  return openApiDocument(registry, group, name);
}

/** `group` is '' for the core group and undefined at the root of /apis. */
async function api(parts: ServerParts, exchange: Exchange, group: string | undefined, rest: readonly string[]): Promise<void> {
  const { registry } = parts;
  const [version, ...resource] = rest;
  if (version !== undefined && resource.length > 0 && group !== undefined) {
    await resourceOrReview(parts, exchange, { group, version, path: resource });
    return;
  }
  if (exchange.method !== 'GET') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const isRoot = group === undefined || (group === '' && version === undefined);
  const view = chooseView(exchange.request.headers.accept, isRoot);
  if (isRoot && (view === 'discovery-v2' || view === 'discovery-v2beta1')) {
    const name = view === 'discovery-v2' ? 'v2' : 'v2beta1';
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${name};as=APIGroupDiscoveryList`;
    await answer(exchange, 200, aggregatedDiscovery(registry, group === '', name), contentType);
    return;
  }
  const document =
    group === undefined
      ? groupList(registry)
      : version === undefined
        ? group === ''
          ? coreVersions()
          : oneGroup(registry, group)
        : resourceList(registry, group, version);
  if (document === undefined) {
    throw NO_SUCH_PATH;
  }
  await answer(exchange, 200, document, view === 'yaml' ? 'application/yaml' : 'application/json');
}

interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly path: readonly string[];
}

async function resourceOrReview(parts: ServerParts, exchange: Exchange, { group, version, path }: ResourcePath): Promise<void> {
  const review = REVIEWS[group]?.resources.find(({ plural }) => plural === path[0]);
  if (review !== undefined) {
    await answerReview(exchange, group, version, review.kind);
    return;
  }
  // /namespaces/x alone is an object; /namespaces/x/pods is a resource within it.
  const isScoped = path[0] === 'namespaces' && path.length > 2 && path[2] !== 'status' && path[2] !== 'finalize';
  const [namespace, [plural = '', name, ...subresource]] = isScoped ? [path[1], path.slice(2)] : [undefined, path];
  const served = parts.registry.resolve({ group, version, plural });
  if (isScoped && !served.type.namespaced) {
    throw noSuchResource();
  }
  await handleResource(parts, exchange, { served, namespace, name, subresource: subresource.join('/') });
}

/** There is one user, and that user may do everything. */
async function answerReview(exchange: Exchange, group: string, version: string, kind: string): Promise<void> {
  if (exchange.method !== 'POST') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const body = asObject(await readBody(exchange));
  const statuses: Record<string, unknown> = {
    SelfSubjectAccessReview: { allowed: true, reason: 'the embedded API has one user who may do everything' },
    SelfSubjectRulesReview: {
      incomplete: false,
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    },
    SelfSubjectReview: { userInfo: { username: 'xtrinode', groups: ['system:masters', 'system:authenticated'] } },
  };
  await answer(exchange, 201, { ...body, kind, apiVersion: `${group}/${version}`, metadata: {}, status: statuses[kind] });
}

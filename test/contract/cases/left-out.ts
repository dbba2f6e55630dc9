// What the embedded API leaves out (design decision 14): a real one does it, the embedded one refuses in one clear line.
import assert from 'node:assert/strict';
import { customResourceDefinitions, pods } from '#kube/resources.ts';
import { realContract, type ContractGroup, type HttpContext, type RawRequest } from '../contract-case.ts';
import { me, pod } from '../contract-objects.ts';

async function answers({ ask }: HttpContext, request: RawRequest, status: number, message?: RegExp): Promise<void> {
  const answer = await ask(request);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (message !== undefined) {
    const text = typeof answer.body === 'string' ? answer.body.trimEnd() : (answer.body as { readonly message: string }).message;
    assert.match(text, message);
    assert.ok(!text.includes('\n'), 'in one line');
  }
}

const notServed = /is not served by the embedded API of XTrinode$/;

const streamingList = ({ namespace }: HttpContext): RawRequest => ({
  path: `/api/v1/namespaces/${namespace}/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1&labelSelector=none`,
});

const eviction = ({ namespace }: HttpContext): RawRequest => ({
  method: 'POST',
  path: `/api/v1/namespaces/${namespace}/pods/p/eviction`,
  body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace } },
});

const binding = ({ namespace }: HttpContext): RawRequest => ({
  method: 'POST',
  path: `/api/v1/namespaces/${namespace}/pods/q/binding`,
  body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'q', namespace }, target: { kind: 'Node', name: 'elsewhere' } },
});

const token = ({ namespace }: HttpContext): RawRequest => ({
  method: 'POST',
  path: `/api/v1/namespaces/${namespace}/serviceaccounts/robot/token`,
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } },
});

const role = ({ namespace }: HttpContext): RawRequest => ({
  method: 'POST',
  path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader', namespace }, rules: [] },
});

const endpointSlices = ({ namespace }: HttpContext): RawRequest => ({
  path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
});

/** A definition of this case alone, as a request to make it. */
function definition(namespace: string, spec: object, schema: object = {}): RawRequest {
  const group = `${namespace}.xtrinode.io`;
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', ...schema } } };
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
      ...spec,
    },
  };
  return { method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body };
}

const undefine = ({ api, namespace }: HttpContext): Promise<void> =>
  api.remove(customResourceDefinitions, { name: `things.${namespace}.xtrinode.io` });

const converted = ({ namespace }: HttpContext): RawRequest =>
  definition(namespace, {
    conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://localhost:1/' } } },
  });

/** Every pair of an unbounded list: more work than a real API server would begin. */
const costly = ({ namespace }: HttpContext): RawRequest =>
  definition(
    namespace,
    {},
    {
      properties: { names: { type: 'array', items: { type: 'string' } } },
      'x-kubernetes-validations': [{ rule: 'self.names.all(a, self.names.all(b, a == b))' }],
    },
  );

const withOptional = ({ namespace }: HttpContext): RawRequest =>
  definition(
    namespace,
    {},
    {
      properties: { once: { type: 'string', maxLength: 9 } },
      'x-kubernetes-validations': [{ rule: 'oldSelf.hasValue() || !has(self.once)', optionalOldSelf: true }],
    },
  );

const makePod = async ({ api, namespace }: HttpContext, name: string, nodeName: string): Promise<void> => {
  await api.create(pods, pod(namespace, name, { nodeName }), me);
};

export const leftOut: ContractGroup = {
  name: 'what is left out',
  cases: [
    realContract(
      'a watch may begin with a list',
      'streaming lists',
      (context) => answers(context, streamingList(context), 200),
      (context) =>
        answers(
          context,
          streamingList(context),
          422,
          /sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled/,
        ),
    ),
    realContract(
      'a Pod can be evicted',
      'evictions',
      async (context) => {
        await makePod(context, 'p', 'elsewhere');
        await answers(context, eviction(context), 201);
      },
      (context) => answers(context, eviction(context), 501, notServed),
    ),
    realContract(
      'a Pod can be bound by anybody',
      'bindings',
      async (context) => {
        await makePod(context, 'q', '');
        await answers(context, binding(context), 201);
      },
      (context) => answers(context, binding(context), 501, notServed),
    ),
    realContract(
      'a service account has tokens',
      'tokens',
      async (context) => {
        await context.ask({
          method: 'POST',
          path: `/api/v1/namespaces/${context.namespace}/serviceaccounts`,
          body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
        });
        await answers(context, token(context), 201);
      },
      (context) => answers(context, token(context), 501, notServed),
    ),
    realContract(
      'rights can be given',
      'rights',
      (context) => answers(context, role(context), 201),
      (context) => answers(context, role(context), 404, /^404 page not found$/),
    ),
    realContract(
      'the addresses of a Service can be listed',
      'EndpointSlices',
      (context) => answers(context, endpointSlices(context), 200),
      (context) => answers(context, endpointSlices(context), 404, /^404 page not found$/),
    ),
    realContract(
      'versions are converted by a webhook',
      'conversion webhooks',
      async (context) => {
        await answers(context, converted(context), 201);
        await undefine(context);
      },
      (context) => answers(context, converted(context), 422, /converts between versions only with strategy "None"$/),
    ),
    realContract(
      'a rule may ask whether there was a value before',
      'optionalOldSelf',
      async (context) => {
        await answers(context, withOptional(context), 201);
        await undefine(context);
      },
      (context) => answers(context, withOptional(context), 422, /runs no rule with optionalOldSelf$/),
    ),
    realContract(
      'a rule that may cost too much is refused',
      'costs of rules: it runs it',
      (context) => answers(context, costly(context), 422, /exceeds budget/),
      async (context) => {
        await answers(context, costly(context), 201);
        await undefine(context);
      },
    ),
  ],
};

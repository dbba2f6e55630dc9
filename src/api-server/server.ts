// The lifecycle API: resume, suspend, status, why, and the gateways' demand. Paths and answers of the Go reference stay
// (reference-gateway-and-api-server 2.4-2.6), without its gate: asking twice gets the same 202. Shell on fastify.
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Clock } from '#core/clock.ts';
import { explainRuntime } from '#apis/v1/why.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { createDemandRecorder } from './demand.ts';
import { createRouteReaders } from './route-readers.ts';
import { recordCommand, type Command } from './lifecycle-commands.ts';

export interface ApiServerInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ApiServer {
  /** Port bound on the host; 0 picks a free one. */
  listen(host: string, port: number): Promise<number>;
  stop(): Promise<void>;
}

interface RuntimePath {
  readonly namespace: string;
  readonly name: string;
}

/** What a caller may expect of a wake, in seconds, when nothing better is known: a cold start measured at 10-25 s. */
const wakeEstimateSeconds = 30;

interface Recorded {
  readonly runtime: XTrinode;
  /** False when it already is what holds or was asked for. */
  readonly applied: boolean;
}

class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function sendError(reply: FastifyReply, error: unknown, log: Log): void {
  if (error instanceof ApiProblem) void reply.code(error.status).send({ error: error.message, code: error.code });
  else if (isKubeError(error) && (error.code === 0 || error.code >= 500)) {
    void reply
      .code(503)
      .header('Retry-After', '5')
      .send({ error: `the Kubernetes API does not answer: ${error.message}`, code: 'KUBERNETES_UNAVAILABLE' });
  } else if (isKubeError(error)) void reply.code(error.code).send({ error: error.message, code: error.reason.toUpperCase() });
  else if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    void reply.code(error.statusCode).send({ error: error.message, code: 'INVALID_REQUEST' });
  } else {
    log.error('a call failed inside the API server', { error });
    void reply.code(500).send({ error: 'the API server failed; its log says why', code: 'INTERNAL' });
  }
}

export function createApiServer({ api, clock, log }: ApiServerInit): ApiServer {
  // The defaults would drop unknown fields silently and turn "1" into 1: a caller's mistake must be seen.
  const ajv = { customOptions: { removeAdditional: false, coerceTypes: false } } as const;
  const app: FastifyInstance = Fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true, ajv });
  // Many clients send the type of a body they do not have.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      done(null, JSON.parse(String(body)));
    } catch (error) {
      done(new ApiProblem(400, 'INVALID_REQUEST', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`));
    }
  });
  const demand = createDemandRecorder(api, clock);

  async function find({ namespace, name }: RuntimePath): Promise<XTrinode> {
    const runtime = await api.get<XTrinode>(xtrinodes, { namespace, name });
    if (runtime === undefined) throw new ApiProblem(404, 'NOT_FOUND', `there is no XTrinode ${namespace}/${name}`);
    return runtime;
  }

  const recording = new Map<string, Promise<Recorded>>();

  /** Those who ask for the same thing at the same time share one look and one write. */
  function record(path: RuntimePath, what: Command): Promise<Recorded> {
    const key = `${path.namespace}/${path.name}/${what}`;
    const current = recording.get(key);
    if (current !== undefined) return current;
    const work = find(path)
      .then(async (runtime) => ({ runtime, applied: await recordCommand(api, clock, runtime, what) }))
      .finally(() => recording.delete(key));
    recording.set(key, work);
    return work;
  }

  async function command(path: RuntimePath, what: Command, reply: FastifyReply): Promise<object> {
    const { runtime, applied } = await record(path, what);
    const isDone = runtime.status?.phase === (what === 'resume' ? 'Ready' : 'Suspended');
    const retryAfterSeconds = isDone ? 0 : wakeEstimateSeconds;
    if (!isDone) void reply.header('Retry-After', String(retryAfterSeconds));
    void reply.code(202);
    const desired = what === 'resume' ? 'resumed' : 'suspended';
    return {
      status: 'accepted',
      desired,
      applied,
      currentPhase: runtime.status?.phase ?? 'Pending',
      pollUrl: `/runtimes/${path.namespace}/${path.name}/status`,
      retryAfterSeconds,
    };
  }

  app.setErrorHandler((error, _request, reply) => sendError(reply, error, log));
  app.setNotFoundHandler(
    (request, reply) => void reply.code(404).send({ error: `there is no ${request.method} ${request.url}`, code: 'NOT_FOUND' }),
  );
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await api.list(xtrinodes, { limit: 1 });
    return { status: 'ok' };
  });
  app.get('/runtimes', async () => (await api.list<XTrinode>(xtrinodes, {})).items);
  app.get<{ Params: RuntimePath }>('/runtimes/:namespace/:name', ({ params }) => find(params));
  app.get<{ Params: RuntimePath }>('/runtimes/:namespace/:name/status', async ({ params }) => {
    const { status } = await find(params);
    const { phase = 'Pending', coordinatorURL, workers, lastActivity, lifecycle, conditions } = status ?? {};
    return { phase, coordinatorURL, workers, lastActivity, lifecycle, conditions };
  });
  app.get<{ Params: RuntimePath }>('/runtimes/:namespace/:name/why', async ({ params }) => {
    return { lines: explainRuntime(await find(params), clock.now()) };
  });
  // Fields of the reference: taken from its callers, but without effect here yet, and the answer says so.
  const commandBody = {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: {
      requestId: { type: 'string', maxLength: 256 },
      wakeMinWorkers: { type: 'integer' },
      wakeTTL: { type: 'string', maxLength: 64 },
    },
  } as const;
  for (const what of ['resume', 'suspend'] as const) {
    app.post<{ Params: RuntimePath; Body: object | null | undefined }>(
      `/runtimes/:namespace/:name/${what}`,
      {
        schema: { body: commandBody },
        preValidation: (request, _reply, done) => {
          request.body ??= null;
          done();
        },
      },
      async ({ params, body }, reply) => {
        const ignoredFields = Object.keys(body ?? {}).filter((field) => field !== 'requestId');
        return { ...(await command(params, what, reply)), ...(ignoredFields.length === 0 ? {} : { ignoredFields }) };
      },
    );
  }

  /** Which replica asks; with one gateway it may be left out. */
  const gatewayName = { type: 'string', maxLength: 64, pattern: '^[a-zA-Z0-9_-]*$' } as const;
  const demandBody = {
    type: 'object',
    additionalProperties: false,
    required: ['arrivedAt'],
    properties: {
      arrivedAt: { type: 'number' },
      waiting: { type: 'integer', minimum: 0 },
      user: { type: 'string', maxLength: 256 },
      gateway: gatewayName,
    },
  } as const;
  app.post<{ Params: RuntimePath; Body: { arrivedAt: number; user?: string; gateway?: string } }>(
    '/runtimes/:namespace/:name/demand',
    { schema: { body: demandBody } },
    async ({ params, body }, reply) => {
      const runtime = await find(params);
      const { user = '', gateway = '' } = body;
      await demand.record(runtime, { arrivedAt: Math.min(body.arrivedAt, clock.now()), user, gateway });
      void reply.code(202);
      return { status: 'accepted', currentPhase: runtime.status?.phase ?? 'Pending', retryAfterSeconds: wakeEstimateSeconds };
    },
  );
  const readers = createRouteReaders(api, clock);
  const readerParams = {
    type: 'object',
    properties: { gateway: { type: 'string', maxLength: 32, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' } },
  } as const;
  const readerBody = {
    type: 'object',
    additionalProperties: false,
    required: ['appliedVersion'],
    properties: { appliedVersion: { type: 'string', maxLength: 64 } },
  } as const;
  app.post<{ Params: { gateway: string }; Body: { appliedVersion: string } }>(
    '/gateways/:gateway',
    { schema: { params: readerParams, body: readerBody } },
    async ({ params, body }, reply) => {
      await readers.report(params.gateway, body.appliedVersion);
      return reply.code(204).send();
    },
  );
  const runningBody = {
    type: 'object',
    additionalProperties: false,
    required: ['running'],
    properties: { running: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } } },
  } as const;
  app.post<{ Params: { gateway: string }; Body: { running: Readonly<Record<string, number>> } }>(
    '/gateways/:gateway/running',
    { schema: { params: readerParams, body: runningBody } },
    async ({ params, body }) => ({ gateways: await readers.running(params.gateway, body.running) }),
  );
  app.delete<{ Params: { gateway: string } }>('/gateways/:gateway', { schema: { params: readerParams } }, async ({ params }, reply) => {
    await readers.end(params.gateway);
    return reply.code(204).send();
  });

  const demandQuery = { type: 'object', additionalProperties: false, properties: { gateway: gatewayName } } as const;
  app.delete<{ Params: RuntimePath; Querystring: { gateway?: string } }>(
    '/runtimes/:namespace/:name/demand',
    { schema: { querystring: demandQuery } },
    async ({ params, query }, reply) => {
      await demand.end(await find(params), query.gateway ?? '');
      return reply.code(204).send();
    },
  );

  return {
    async listen(host, port) {
      await app.listen({ host, port });
      const address = app.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    stop: () => app.close(),
  };
}

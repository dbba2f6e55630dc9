// A small cluster in memory for crash and fault runs: the embedded API with its controllers, a pretending node, and an operator
// that can be killed and started anew. Time is a fake clock; a run of minutes takes milliseconds.
import { join } from 'node:path';
import { bootstrap } from '#roles/bootstrap.ts';
import { createOperator, type Operator } from '#roles/operator.ts';
import type { ConfigMap, KubeObject } from '#core/objects.ts';
import { gatewayNamespace } from '#apis/v1/resources.ts';
import { parseRouteEntry } from '#apis/v1/route-entry.ts';
import { createEmbeddedApi, type EmbeddedApi } from '#embedded/embedded-api.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps, namespaces, nodes } from '#kube/resources.ts';
import { silentLog, type Log } from '#observe/log.ts';
import { createFakeClock, type FakeClock } from '../fakes/fake-clock.ts';
import { createPretendCoordinators, type PretendCoordinators } from '../fakes/pretend-coordinators.ts';
import { createPretendNode, type PretendNode } from '../fakes/pretend-node.ts';

export interface World {
  /** Of users and observers: never faulty. */
  readonly api: KubeApi;
  readonly clock: FakeClock;
  readonly node: PretendNode;
  readonly coordinators: PretendCoordinators;
  /** Every state of every route, in order; a state that follows itself counts once. */
  readonly routeStates: readonly string[];
  /** Opens its HTTPS door, for an operator that comes in over HTTP. */
  listen(directory: string): Promise<{ readonly kubeconfigPath: string }>;
  /** A new operator process with an empty memory. */
  startOperator(api: KubeApi): Promise<Operator>;
  /** Until nothing moves any more without time going on. */
  settle(): Promise<void>;
  /** Lets this much time pass, one timer at a time; ends early when `isOver` says so after a step. */
  pass(ms: number, isOver?: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

export const team = 'team';
/** Turns of the event loop without a write after which all is quiet; controllers of the embedded API take one turn each. */
const quietTurns = 4;
/** Over sockets of this one process each hop takes a turn: client, proxy, server, and back. */
const quietTurnsWithSockets = 16;
const longestCallMs = 60_000;

export interface WorldInit {
  readonly log?: Log;
  /** What must be there before the operator; default: our definitions, and admission as in `up`. */
  readonly prepare?: (embedded: EmbeddedApi) => Promise<void>;
  /** Grows with what goes on outside the API, over sockets; it is waited for as well. */
  readonly activity?: () => number;
}

export async function createWorld({ log = silentLog, prepare = bootstrap, activity }: WorldInit = {}): Promise<World> {
  const clock = createFakeClock();
  let drawn = 0;
  // Names and jitter differ from draw to draw, and are the same in every run.
  const random = (): number => ((drawn += 1) * 0.618_034) % 1;
  let uids = 0;
  const newUid = (): string => `00000000-0000-4000-8000-${String((uids += 1)).padStart(12, '0')}`;
  const embedded = await createEmbeddedApi({ file: ':memory:', clock, random, newUid });
  const { api } = embedded;
  await prepare(embedded);
  embedded.startControllers();
  await api.create<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: team } }, { fieldManager: 'test' });
  const node = createPretendNode({ api, clock, random, log });
  const coordinators = createPretendCoordinators(node, clock);
  await node.start();
  const stopping = new AbortController();
  const routeStates: string[] = [];
  const operators: Operator[] = [];

  async function followRoutes(): Promise<void> {
    const last = new Map<string, string>();
    for await (const event of api.watch<ConfigMap>(configMaps, { namespace: gatewayNamespace }, { signal: stopping.signal })) {
      if (event.type === 'BOOKMARK') continue;
      for (const [key, text] of Object.entries(event.object.data ?? {})) {
        const entry = parseRouteEntry(text);
        const state = typeof entry === 'string' ? entry : entry.state;
        if (last.get(key) !== state) routeStates.push(`${key} ${state}`);
        last.set(key, state);
      }
    }
  }
  const following = followRoutes();

  async function settle(): Promise<void> {
    let last = '';
    for (let quiet = 0; quiet < (activity === undefined ? quietTurns : quietTurnsWithSockets); quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const { resourceVersion } = (await api.list(nodes, { limit: 1 })).metadata;
      const now = `${resourceVersion} ${activity?.() ?? 0}`;
      if (now !== last) quiet = 0;
      last = now;
    }
  }

  async function pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
    const until = clock.now() + ms;
    await settle();
    while (!isOver()) {
      const next = clock.pendingDelays()[0];
      if (next === undefined || clock.now() + next > until) break;
      clock.advance(next);
      await settle();
    }
    if (!isOver()) clock.advance(until - clock.now());
  }

  return {
    api,
    clock,
    node,
    coordinators,
    routeStates,
    listen: (directory) => embedded.listen({ port: 0, certificateDir: directory, kubeconfigPath: join(directory, 'kubeconfig') }),
    async startOperator(operatorApi) {
      const operator = createOperator({ api: operatorApi, clock, random, log, coordinators });
      operators.push(operator);
      const started = operator.start();
      // A cache whose first list fails comes back by the clock, so nobody waits for it here.
      started.catch((error: unknown) => log.debug('the operator ended before it had started', { error }));
      await settle();
      return operator;
    },
    settle,
    pass,
    async stop() {
      let isStopped = false;
      const stopped = Promise.all(operators.map((operator) => operator.stop())).then(() => (isStopped = true));
      // What hangs in a call ends with time.
      await pass(longestCallMs, () => isStopped);
      await stopped;
      node.stop();
      stopping.abort();
      await following;
      await embedded.stop();
    },
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '#core/objects.ts';
import type { XTrinode, XTrinodeStatus } from '#apis/v1/objects.ts';
import { annotations } from '#apis/v1/resources.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { aCatalog, aDeployment, aLifecycle, aPod, aRuntime, aSnapshot, anActivity, at, isoAt } from '../../../test/builders/runtime.ts';
import { resolveClaims } from './claims.ts';
import { planRuntime, type Plan } from './pass.ts';

function replicasOf(plan: Plan): Record<string, number | undefined> {
  const deployments = plan.actions
    .filter((action) => action.do === 'apply' && action.object.kind === 'Deployment')
    .map((action) => (action as { object: Deployment }).object);
  return Object.fromEntries(
    deployments.map(({ metadata, spec }) => [metadata.labels?.['app.kubernetes.io/component'] ?? '', spec.replicas]),
  );
}

function routeOf(plan: Plan): RouteEntry | undefined {
  const action = plan.actions.find((one) => one.do === 'publish-route');
  return action === undefined ? undefined : (JSON.parse(action.entry) as RouteEntry);
}

function conditionOf(plan: Plan, type: string): { status: string; reason: string; message: string } | undefined {
  return plan.status?.conditions?.find((condition) => condition.type === type);
}

function deletedBy(plan: Plan): string[] {
  return plan.actions.flatMap((action) => (action.do === 'delete' ? [action.object.metadata.name] : []));
}

/** The revision that this spec renders to. */
function revisionOf(runtime: XTrinode): string {
  return planRuntime(aSnapshot(runtime, 0)).status?.currentRevision ?? '';
}

function awake(runtime: XTrinode, status: Partial<XTrinodeStatus> = {}): XTrinode {
  const revision = revisionOf(runtime);
  return { ...runtime, status: { lifecycle: aLifecycle(), currentRevision: revision, servingRevision: revision, ...status } };
}

test('a sleeping runtime has all its objects with nothing running, and a route that says PAUSED', () => {
  const plan = planRuntime(aSnapshot(aRuntime({ suspended: true }), 0));
  assert.deepEqual(replicasOf(plan), { coordinator: 0, worker: 0 });
  assert.equal(routeOf(plan)?.state, 'PAUSED');
  assert.equal(plan.status?.phase, 'Suspended');
});

test('an awake runtime gets one coordinator and its workers, and stays RESUMING until a query has run', () => {
  const runtime = aRuntime({ maxWorkers: 3 });
  const revision = revisionOf(runtime);
  const starting = planRuntime(aSnapshot(awake(runtime), 5, { pods: [aPod({ revision })] }));
  assert.deepEqual(replicasOf(starting), { coordinator: 1, worker: 3 });
  assert.equal(routeOf(starting)?.state, 'RESUMING');
  const proof = { instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', coordinatorId: 'abcde', provenAt: at(9) };
  const ready = planRuntime(aSnapshot(awake(runtime), 10, { pods: [aPod({ revision })], proof }));
  assert.equal(routeOf(ready)?.state, 'RUNNING');
  assert.equal(routeOf(ready)?.coordinatorId, 'abcde');
  assert.equal(ready.status?.phase, 'Ready');
  assert.equal(ready.status?.lifecycle?.readyAt, isoAt(9));
});

test('the proof of one process is not believed of the next one', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const proof = { instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', coordinatorId: 'abcde', provenAt: at(9) };
  const restarted = planRuntime(aSnapshot(awake(runtime), 10, { pods: [aPod({ revision, restartCount: 1 })], proof }));
  assert.equal(routeOf(restarted)?.state, 'RESUMING');
  assert.equal(routeOf(restarted)?.coordinatorUrl, undefined);
});

test('a coordinator that fails to start twice gives waiting clients and kubectl describe the same reason', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const terminated = { exitCode: 100, message: "Configuration property 'memory.nonsense' was not used" };
  const once = aPod({
    revision,
    isReady: false,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated },
    restartCount: 1,
  });
  const twice = aPod({
    revision,
    isReady: false,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated },
    restartCount: 2,
  });
  assert.equal(routeOf(planRuntime(aSnapshot(awake(runtime), 5, { pods: [once] })))?.failure, undefined);
  const plan = planRuntime(aSnapshot(awake(runtime), 5, { pods: [twice] }));
  const failure = routeOf(plan)?.failure;
  assert.equal(failure?.reason, 'CoordinatorCrashes');
  assert.match(failure?.message ?? '', /failed to start 2 times \(exit code 100\): Configuration property 'memory.nonsense' was not used/);
  assert.equal(conditionOf(plan, 'Ready')?.message, failure?.message);
  assert.equal(plan.status?.phase, 'Error');
});

test('a process that ends since its runtime went to sleep has not failed to start, however often it was restarted before', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const state = { terminated: { exitCode: 143 } };
  const ended = aPod({ revision, isReady: false, state, restartCount: 1 });
  const leaving = { ...ended, metadata: { ...ended.metadata, deletionTimestamp: isoAt(4) } };
  assert.equal(routeOf(planRuntime(aSnapshot(awake(runtime), 5, { pods: [leaving] })))?.failure, undefined);
  assert.match(routeOf(planRuntime(aSnapshot(awake(runtime), 5, { pods: [ended] })))?.failure?.message ?? '', /failed to start 2 times/);
});

test('a worker that cannot start is a blemish with its reason, not an outage', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const proof = { instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', coordinatorId: 'abcde', provenAt: at(9) };
  const terminated = { exitCode: 137, message: 'out of memory' };
  const worker = aPod({ revision, role: 'worker', isReady: false, state: { waiting: {} }, lastState: { terminated }, restartCount: 2 });
  const plan = planRuntime(aSnapshot(awake(runtime), 60, { pods: [aPod({ revision }), worker], proof }));
  assert.equal(routeOf(plan)?.state, 'RUNNING');
  assert.equal(routeOf(plan)?.failure, undefined);
  assert.deepEqual([conditionOf(plan, 'Ready')?.status, plan.status?.phase], ['True', 'Ready']);
  assert.match(
    conditionOf(plan, 'Ready')?.message ?? '',
    /0 of 1 workers are ready: the worker has failed to start 2 times .*out of memory/,
  );
});

test('going to sleep first refuses new queries, then waits for running ones, then ends the processes', () => {
  const runtime = aRuntime({ suspended: true });
  const revision = revisionOf(runtime);
  const coordinator = {
    revision,
    instance: 'pod-uid-coordinator/0',
    url: 'http://127.9.0.1:8080',
    coordinatorId: 'abcde',
    provenAt: isoAt(1),
  };
  const going = awake(runtime, {
    lifecycle: aLifecycle({ desired: 'Asleep', cause: 'Suspend', seenSuspended: true, decidedAt: isoAt(100) }),
    coordinator,
  });
  const owned = {
    deployments: [aDeployment('coordinator', revision, 1), aDeployment('worker', revision, 1)],
    configMaps: [],
    services: [],
    serviceAccounts: [],
  };
  const pods = [aPod({ revision })];

  const first = planRuntime(aSnapshot(going, 100, { owned, pods }));
  assert.equal(routeOf(first)?.state, 'PAUSED');
  assert.equal(routeOf(first)?.coordinatorUrl, 'http://127.9.0.1:8080', 'running queries are still served');
  assert.deepEqual(replicasOf(first), { coordinator: 1, worker: 1 });

  const busy = planRuntime(aSnapshot(going, 102, { owned, pods, refusingSince: at(100), activity: anActivity({ activeQueries: 1 }) }));
  assert.deepEqual(replicasOf(busy), { coordinator: 1, worker: 1 });

  const transaction = anActivity({ openTransactions: 1 });
  const between = planRuntime(aSnapshot(going, 102, { owned, pods, refusingSince: at(100), activity: transaction }));
  assert.deepEqual(replicasOf(between), { coordinator: 1, worker: 1 }, 'an open transaction may end');

  // Its status could not be written in the pass that decided: were the coordinator to end now, nothing would tell why.
  const unrecorded = { ...going, status: { ...going.status, lifecycle: aLifecycle({ readyAt: isoAt(1), seenSuspended: true }) } };
  const evidence = { refusingSince: at(100), activity: anActivity() };
  const undecided = planRuntime(aSnapshot(unrecorded, 9_000, { owned, pods, ...evidence }));
  assert.equal(undecided.status?.lifecycle?.cause, 'Idle');
  assert.deepEqual(replicasOf(undecided), { coordinator: 1, worker: 1 }, 'the decision is put on record first');

  const idle = planRuntime(aSnapshot(going, 103, { owned, pods, refusingSince: at(100), activity: anActivity() }));
  assert.deepEqual(replicasOf(idle), { coordinator: 0, worker: 0 });
  assert.equal(idle.status?.coordinator, undefined);

  const overdue = planRuntime(aSnapshot(going, 500, { owned, pods, refusingSince: at(100), activity: anActivity({ activeQueries: 1 }) }));
  assert.deepEqual(replicasOf(overdue), { coordinator: 0, worker: 0 }, 'the wait is bounded');
});

test('a new revision starts beside the serving one, takes the route when proven, and then the old one goes', () => {
  const before = aRuntime();
  const oldRevision = revisionOf(before);
  const after = aRuntime({ limits: { session: { maxQueryMemory: '1GB' } } });
  const revision = revisionOf(after);
  assert.notEqual(revision, oldRevision);
  const coordinator = {
    revision: oldRevision,
    instance: 'pod-uid-coordinator/0',
    url: 'http://127.9.0.1:8080',
    coordinatorId: 'abcde',
    provenAt: isoAt(1),
  };
  const changed: XTrinode = {
    ...after,
    status: { lifecycle: aLifecycle({ readyAt: isoAt(1) }), currentRevision: oldRevision, servingRevision: oldRevision, coordinator },
  };
  const owned = { deployments: [aDeployment('coordinator', oldRevision, 1)], configMaps: [], services: [], serviceAccounts: [] };
  const pods = [aPod({ revision: oldRevision })];
  const plan = planRuntime(aSnapshot(changed, 10, { owned, pods }));
  assert.deepEqual(replicasOf(plan), { coordinator: 1, worker: 1 });
  assert.equal(routeOf(plan)?.coordinatorId, 'abcde', 'the old one serves on');
  assert.deepEqual(deletedBy(plan), []);

  const next = { ...aPod({ revision }), metadata: { ...aPod({ revision }).metadata, uid: 'next' } };
  const proof = { instance: 'next/0', url: 'http://127.9.0.2:8080', coordinatorId: 'fghij', provenAt: at(30) };
  const switched = planRuntime(aSnapshot(changed, 30, { owned, pods: [...pods, next], proof }));
  assert.equal(routeOf(switched)?.coordinatorId, 'fghij');
  assert.deepEqual(routeOf(switched)?.retiring, [{ coordinatorId: 'abcde', coordinatorUrl: 'http://127.9.0.1:8080' }]);
  assert.deepEqual(deletedBy(switched), [], 'its queries run on');

  const after30: XTrinode = { ...after, status: switched.status as XTrinodeStatus };
  const look = (seconds: number, activeQueries: number) =>
    planRuntime(
      aSnapshot(after30, seconds, {
        owned,
        pods: [...pods, next],
        retiringActivity: new Map([[oldRevision, anActivity({ activeQueries })]]),
      }),
    );
  assert.deepEqual(deletedBy(look(100, 1)), []);
  assert.deepEqual(deletedBy(look(100, 0)), [`trino-sales-coordinator-${oldRevision}`]);
  assert.equal(routeOf(look(100, 0))?.retiring, undefined);
  assert.deepEqual(deletedBy(look(30 + 31 * 60, 1)), [`trino-sales-coordinator-${oldRevision}`], 'the wait is bounded');
});

test('of two runtimes that claim one host name the older wins, and the loser does not learn who', () => {
  const older = aRuntime({ routing: { hostname: 'trino.example.com' } }, { name: 'first', uid: 'uid-first' });
  const younger = aRuntime({ routing: { hostname: 'trino.example.com' } }, { creationTimestamp: isoAt(60) });
  const claims = resolveClaims([younger, older]);
  assert.deepEqual(claims.get('team/first')?.hosts, ['trino.example.com']);
  const plan = planRuntime(aSnapshot(younger, 60, { claims: claims.get('team/sales') as NonNullable<ReturnType<typeof claims.get>> }));
  const condition = conditionOf(plan, 'RouteReady');
  assert.equal(condition?.reason, 'RouteConflict');
  assert.match(condition?.message ?? '', /trino\.example\.com is already claimed by an older runtime/);
  assert.doesNotMatch(condition?.message ?? '', /first/);
  assert.deepEqual(routeOf(plan)?.hosts, []);
});

test('a catalog that cannot be rendered is left out and named; the runtime runs on', () => {
  const good = aCatalog('orders');
  const bad = aCatalog('broken', { custom: { connectorName: 'x', properties: { 'connector.name': 'y' } } });
  const plan = planRuntime(aSnapshot(aRuntime({ catalogSelector: { matchLabels: { team: 'sales' } } }), 0, { catalogs: [good, bad] }));
  assert.deepEqual(plan.status?.observedCatalogs, ['orders']);
  assert.match(
    conditionOf(plan, 'CatalogsReady')?.message ?? '',
    /left out: broken: spec\.connector\.custom\.properties\[connector\.name\]/,
  );
  assert.deepEqual(replicasOf(plan), { coordinator: 1, worker: 1 });
});

test('a known field without effect is named in a condition', () => {
  const plan = planRuntime(aSnapshot(aRuntime({ keda: { enabled: true } }), 0));
  assert.deepEqual(
    [conditionOf(plan, 'FieldsIgnored')?.status, conditionOf(plan, 'FieldsIgnored')?.message],
    ['True', 'kept, but without effect in this release: spec.keda'],
  );
});

test('deleting waits for running queries, then leaves a tombstone and lets go; a Trino that does not answer cannot block it', () => {
  const deleting = { ...awake(aRuntime()), metadata: { ...aRuntime().metadata, deletionTimestamp: isoAt(100) } };
  const busy = planRuntime(aSnapshot(deleting, 110, { publishedRoute: '{}', activity: anActivity({ activeQueries: 2 }) }));
  assert.equal(routeOf(busy)?.state, 'DRAINING');
  assert.equal(
    busy.actions.some((action) => action.do === 'remove-finalizer'),
    false,
  );
  const silent = planRuntime(aSnapshot(deleting, 110, { publishedRoute: '{}', activity: 'unreachable' }));
  assert.equal(routeOf(silent)?.state, 'REMOVED');
  assert.equal(silent.actions.at(-1)?.do, 'remove-finalizer');
  // An operator that has died between the two goes on: what gateways know to be over does not begin again.
  const publishedRoute = JSON.stringify(routeOf(silent));
  const again = planRuntime(aSnapshot(deleting, 110, { publishedRoute, activity: anActivity({ activeQueries: 2 }) }));
  assert.equal(routeOf(again)?.state, 'REMOVED');
  assert.equal(again.actions.at(-1)?.do, 'remove-finalizer');
});

test('the annotations of a command go after the decision is on record', () => {
  const runtime = aRuntime({}, { annotations: { [annotations.suspendRequested]: 'true' } });
  const plan = planRuntime(aSnapshot(runtime, 10));
  assert.equal(plan.status?.lifecycle?.cause, 'Suspend');
  assert.deepEqual(
    plan.afterwards.map((action) => action.do),
    ['remove-annotations', 'event'],
  );
});

test('an operator that starts while processes end goes on ending them', () => {
  const runtime = aRuntime({ suspended: true });
  const revision = revisionOf(runtime);
  const coordinator = { revision, instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', provenAt: isoAt(1) };
  const going = awake(runtime, { lifecycle: aLifecycle({ desired: 'Asleep', cause: 'Spec', seenSuspended: true }), coordinator });
  const deployments = [aDeployment('coordinator', revision, 0), aDeployment('worker', revision, 1)];
  const owned = { deployments, configMaps: [], services: [], serviceAccounts: [] };
  assert.deepEqual(replicasOf(planRuntime(aSnapshot(going, 100, { owned }))), { coordinator: 0, worker: 0 });
});

test('a route that says RUNNING on this very process is its proof', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const proof = { instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', coordinatorId: 'abcde', provenAt: at(9) };
  const running = routeOf(planRuntime(aSnapshot(awake(runtime), 10, { pods: [aPod({ revision })], proof })));
  assert.equal(running?.state, 'RUNNING');
  const restarted = (publishedEntry: RouteEntry | undefined, restartCount = 0) =>
    routeOf(planRuntime(aSnapshot(awake(runtime), 20, { pods: [aPod({ revision, restartCount })], publishedEntry })));
  assert.equal(restarted(running)?.state, 'RUNNING');
  assert.equal(restarted(running, 1)?.state, 'RESUMING', 'another start of the process');
  assert.equal(restarted(running && { ...running, state: 'PAUSED' })?.state, 'RESUMING');
});

test('a settled runtime plans the same status again, so that nothing is written', () => {
  const runtime = aRuntime();
  const revision = revisionOf(runtime);
  const proof = { instance: 'pod-uid-coordinator/0', url: 'http://127.9.0.1:8080', coordinatorId: 'abcde', provenAt: at(9) };
  const seen = (status: XTrinodeStatus | undefined, seconds: number) =>
    aSnapshot(status === undefined ? runtime : { ...runtime, status }, seconds, {
      pods: [aPod({ revision }), aPod({ revision, role: 'worker' })],
      proof,
    });
  const first = planRuntime(seen(undefined, 10)).status;
  const second = planRuntime(seen(first, 60)).status;
  assert.deepEqual(second, first);
});

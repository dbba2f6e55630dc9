// What a gateway tells of itself to Prometheus, in the names that dashboards and autoscalers of the field know. Queries that wait count
// too, so that an autoscaler can start from nothing. Every replica tells of itself alone: sums over replicas are true. Labels are
// bounded: kinds, codes, reasons, and runtimes as long as they are in the route table. docs/gateway-operation.md lists all.
import { statusClasses, type GatewayCounts } from '#gateway/records/counts.ts';
import type { GatewayStatus, RuntimeStatus } from '#gateway/status.ts';
import { createMetrics, type Metrics } from '#observe/metrics.ts';

export interface Told {
  inspect(): GatewayStatus;
  readonly counts: GatewayCounts;
  /** Lines of the access log that nobody took; default none. */
  readonly droppedLines?: () => number;
}

const ofRuntime = ['namespace', 'xtrinode'] as const;

function runtimeLabels(key: string): { readonly namespace: string; readonly xtrinode: string } {
  const [namespace = '', xtrinode = ''] = key.split('/');
  return { namespace, xtrinode };
}

/** QUEUE_FULL becomes queue_full. */
function lower(code: string): string {
  return code.toLowerCase();
}

function tellOfRoutes(metrics: Metrics, inspect: Told['inspect']): void {
  const labels = [...ofRuntime, 'routing_group', 'state'] as const;
  const labelsOf = ({ namespace, name, routingGroup }: RuntimeStatus) => ({ namespace, xtrinode: name, routing_group: routingGroup });
  metrics.gauge('xtrinode_gateway_inflight_queries', 'Queries that wait (queued) or run (running) through this gateway.', labels, () =>
    inspect().runtimes.flatMap((runtime) => [
      [{ ...labelsOf(runtime), state: 'queued' }, runtime.queued] as const,
      [{ ...labelsOf(runtime), state: 'running' }, runtime.running] as const,
    ]),
  );
  metrics.gauge('xtrinode_gateway_routes', 'Runtimes in the route table by state.', ['state'], () => {
    const counts = new Map<string, number>();
    for (const { state } of inspect().runtimes) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state }, count] as const);
  });
  metrics.gauge('xtrinode_gateway_ejected', 'Runtimes whose coordinator does not answer now.', ofRuntime, () =>
    inspect().runtimes.flatMap(({ namespace, name, ejected }) =>
      ejected === undefined ? [] : [[{ namespace, xtrinode: name }, 1] as const],
    ),
  );
  metrics.gauge('xtrinode_gateway_connections', 'Open connections by what is at their other end.', ['peer'], () => {
    const { clients, coordinators } = inspect().connections;
    return [
      [{ peer: 'client' }, clients],
      [{ peer: 'coordinator' }, coordinators],
    ];
  });
  metrics.gauge('xtrinode_gateway_held_bytes', 'Memory that waiting statements take.', [], () => [[{}, inspect().heldBytes]]);
}

function tellOfStatements(metrics: Metrics, { byRuntime, refusals, waits, handOvers }: GatewayCounts): void {
  metrics.counted('xtrinode_gateway_statements_admitted_total', 'Statements taken for a runtime.', ofRuntime, () =>
    [...byRuntime].map(([key, { admitted }]) => [runtimeLabels(key), admitted] as const),
  );
  metrics.counted('xtrinode_gateway_statements_held_total', 'Statements that had to wait for their runtime.', ofRuntime, () =>
    [...byRuntime].map(([key, { held }]) => [runtimeLabels(key), held] as const),
  );
  metrics.counted(
    'xtrinode_gateway_statements_ended_total',
    'What became of statements: handed_over to a coordinator, failed with a Trino error, canceled, abandoned, or sent back by a coordinator.',
    [...ofRuntime, 'result', 'reason'],
    () =>
      [...byRuntime].flatMap(([key, { handedOver, canceled, abandoned, refused, failed }]) => {
        const of = (result: string, reason: string, count: number) => [{ ...runtimeLabels(key), result, reason }, count] as const;
        const failures = [...failed].map(([name, count]) => of('failed', name, count));
        const others = [of('canceled', '', canceled), of('abandoned', '', abandoned), of('sent_back', '', refused)];
        return [of('handed_over', '', handedOver), ...others, ...failures];
      }),
  );
  metrics.counted('xtrinode_gateway_ejections_total', 'How often the coordinator of a runtime was found not to answer.', ofRuntime, () =>
    [...byRuntime].map(([key, { ejections }]) => [runtimeLabels(key), ejections] as const),
  );
  metrics.counted('xtrinode_gateway_statements_refused_total', 'Statements refused before they came to wait.', ['reason'], () =>
    [...refusals].map(([code, count]) => [{ reason: lower(code) }, count] as const),
  );
  metrics.measured('xtrinode_gateway_statement_wait_seconds', 'From the POST of a statement to its hand-over.', waits);
  metrics.measured('xtrinode_gateway_statement_handover_seconds', 'How long coordinators took to take a statement.', handOvers);
}

function tellOfTraffic(metrics: Metrics, counts: GatewayCounts): void {
  const { requests, upstream, wishes } = counts;
  metrics.counted('xtrinode_gateway_requests_total', 'Finished requests by kind and class of status.', ['kind', 'code'], () =>
    [...requests].flatMap(([kind, byClass]) =>
      byClass.flatMap((count, index) => (count === 0 ? [] : [[{ kind, code: statusClasses[index] ?? '' }, count] as const])),
    ),
  );
  metrics.counted('xtrinode_gateway_upstream_failures_total', 'Requests to coordinators without an answer.', ['reason'], () => [
    [{ reason: 'refused' }, upstream.refused],
    [{ reason: 'broken' }, upstream.broken],
    [{ reason: 'silent' }, upstream.silent],
  ]);
  metrics.counted('xtrinode_gateway_upstream_retries_total', 'Requests sent to a coordinator once more.', [], () => [
    [{}, upstream.retries],
  ]);
  metrics.counted('xtrinode_gateway_queries_lost_total', 'Queries that ended because their coordinator is gone.', [], () => [
    [{}, counts.queriesLost],
  ]);
  metrics.counted('xtrinode_gateway_resume_api_calls_total', 'Calls of the API server to wake a runtime.', ['status'], () => [
    [{ status: '202' }, wishes.taken],
    [{ status: 'error' }, wishes.failed],
  ]);
}

export function createGatewayMetrics({ inspect, counts, droppedLines = () => 0 }: Told): Pick<Metrics, 'contentType' | 'render'> {
  const metrics = createMetrics();
  tellOfRoutes(metrics, inspect);
  tellOfStatements(metrics, counts);
  tellOfTraffic(metrics, counts);
  metrics.counted('xtrinode_gateway_access_log_dropped_total', 'Lines of the access log that nobody took.', [], () => [
    [{}, droppedLines()],
  ]);
  return metrics;
}

// What a gateway tells of itself to Prometheus, in the names that dashboards and autoscalers of the field know. Queries that wait count
// too, so that an autoscaler can start from nothing; the sum over all gateways is the number of queries there are.
import type { GatewayStatus } from '#gateway/status.ts';
import { createMetrics, type Metrics } from '#observe/metrics.ts';

export function createGatewayMetrics(inspect: () => GatewayStatus): Pick<Metrics, 'contentType' | 'render'> {
  const metrics = createMetrics();
  const labels = ['namespace', 'xtrinode', 'routing_group', 'state'] as const;
  metrics.gauge('xtrinode_gateway_inflight_queries', 'Queries that wait (queued) or run (running) through this gateway.', labels, () =>
    inspect().runtimes.flatMap(({ namespace, name, routingGroup, queued, running }) => {
      const runtime = { namespace, xtrinode: name, routing_group: routingGroup };
      return [[{ ...runtime, state: 'queued' }, queued] as const, [{ ...runtime, state: 'running' }, running] as const];
    }),
  );
  metrics.gauge('xtrinode_gateway_routes', 'Runtimes in the route table by state.', ['state'], () => {
    const counts = new Map<string, number>();
    for (const { state } of inspect().runtimes) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state }, count] as const);
  });
  return metrics;
}

// The gateway as `up` and a cluster compose it, before one runtime that sleeps: its route and its API server are this process's own.
// Arguments: PORT COORDINATOR_PORT. A line on stdin lets the runtime run. Prints each wake that it is asked for.
import { createInterface } from 'node:readline';
import { createLog } from '../../../src/observe/log.ts';
import { systemClock } from '../../../src/observe/system-clock.ts';
import type { RouteEntry, RouteState } from '../../../src/apis/v1/route-entry.ts';
import { defaultHoldLimits } from '../../../src/gateway/hold/hold-queue.ts';
import { buildRouteTable, type RouteTable } from '../../../src/gateway/routing/route-table.ts';
import { startGateway } from '../../../src/roles/gateway.ts';
import { coordinatorId } from './statement.ts';

const [port, coordinatorPort] = process.argv.slice(2).map(Number) as [number, number];

function tableWith(state: RouteState): RouteTable {
  const entry: RouteEntry = {
    schema: 1,
    namespace: 'team',
    name: 'a',
    state,
    routingGroup: 'team--a',
    hosts: [],
    headerValues: ['team/a'],
    isDefault: true,
    trinoVersion: 483,
    patienceMs: 600_000,
    ...(state === 'RUNNING' ? { coordinatorUrl: `http://127.0.0.1:${coordinatorPort}`, coordinatorId } : {}),
  };
  return buildRouteTable([entry]);
}

let table = tableWith('PAUSED');
let isAsked = false;
const listeners = new Set<(table: RouteTable) => void>();

function become(state: RouteState): void {
  table = tableWith(state);
  for (const listener of listeners) listener(table);
}

await startGateway({
  routes: {
    table: () => table,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => undefined,
    start: () => Promise.resolve(),
    stop: () => undefined,
  },
  demand: {
    // What is asked again while it is asked for is the same wake.
    ask() {
      if (!isAsked) process.stdout.write('wake\n');
      isAsked = true;
      return Promise.resolve();
    },
    end() {
      isAsked = false;
      return Promise.resolve();
    },
  },
  clock: systemClock,
  log: createLog({ level: 'info', format: 'json' }),
  isOnlyReplica: true,
  // More than a gateway takes by default, to see what becomes of them.
  limits: { ...defaultHoldLimits, perRuntime: 10_000 },
  open: ({ listen }) => listen(['127.0.0.1'], port),
});
process.stdout.write('ready\n');
createInterface(process.stdin).on('line', () => become('RUNNING'));
process.on('SIGTERM', () => process.exit(0));

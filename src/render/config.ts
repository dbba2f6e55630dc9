// The configuration files of coordinator and workers. Pure. Sources: reference-api section 8, trino-configuration-and-chart
// 5.3-5.5 and 5.12, design D9 and D16. Whatever is in here is part of the revision: a change restarts Trino.
import type { XTrinodeSpec } from '#apis/v1/objects.ts';
import { revisionServiceName, type Role } from '#apis/v1/names.ts';
import { formatDataSize } from '#trino/memory-sizing.ts';
import { formatProperties } from '#trino/properties-file.ts';
import { renderJvmConfig } from '#trino/jvm.ts';
import { formatSpoolingManager, spoolingSwitches } from '#trino/spooling.ts';
import type { RuntimeShape } from './shape.ts';

export const httpPort = 8080;
export const sharedSecretVariable = 'XTRINODE_INTERNAL_SHARED_SECRET';
/** What the gateway passes on (1 MiB), with room for what it adds: else a large prepared statement fails with 431 (trino-protocol 2.3). */
const maxRequestHeaderSize = '1056kB';
const maxResponseHeaderSize = '1MB';

export interface ConfigInput {
  readonly runtimeName: string;
  readonly spec: XTrinodeSpec;
  readonly shape: RuntimeShape;
}

/** Placeholder for the revision in what is hashed to make the revision. */
export const revisionPlaceholder = '00000000';

/** Upper bound of spec.maxWorkers. */
const mostWorkers = 500;

/** Bounded per node, and by the user; not by the number of workers, whose change must not restart Trino (decision 0003). */
function queryMaxMemory({ spec, shape }: ConfigInput): string {
  return spec.limits?.session?.maxQueryMemory ?? formatDataSize(shape.worker.memory.queryMaxMemoryPerNodeBytes * mostWorkers);
}

function configProperties(input: ConfigInput, role: Role, revision: string): string {
  const { shape, runtimeName, spec } = input;
  const isCoordinator = role === 'coordinator';
  const { memory } = shape[role];
  // Announcing to the own Pod's address needs no name, so a coordinator starts before its Service has any address.
  const discovery = isCoordinator
    ? `http://\${ENV:POD_IP}:${httpPort}`
    : `http://${revisionServiceName(runtimeName, revision)}:${httpPort}`;
  return formatProperties([
    ['coordinator', String(isCoordinator)],
    ...(isCoordinator ? ([['node-scheduler.include-coordinator', String(shape.coordinatorWorks)]] as const) : []),
    ['http-server.http.port', String(httpPort)],
    ['http-server.process-forwarded', 'true'],
    ['http-server.max-request-header-size', maxRequestHeaderSize],
    ['http-server.max-response-header-size', maxResponseHeaderSize],
    ['discovery.uri', discovery],
    ['internal-communication.shared-secret', `\${ENV:${sharedSecretVariable}}`],
    ...(isCoordinator
      ? ([
          ['query.max-memory', queryMaxMemory(input)],
          ['query-manager.required-workers', '1'],
        ] as const)
      : []),
    ['query.max-memory-per-node', formatDataSize(memory.queryMaxMemoryPerNodeBytes)],
    ['memory.heap-headroom-per-node', formatDataSize(memory.heapHeadroomPerNodeBytes)],
    ['catalog.config-dir', '/etc/trino/catalog'],
    ...(spec.spooling === undefined ? [] : spoolingSwitches(spec.spooling)),
  ]);
}

export function renderRoleFiles(input: ConfigInput, role: Role, revision: string): Record<string, string> {
  return {
    'config.properties': configProperties(input, role, revision),
    'jvm.config': renderJvmConfig(input.shape.version, input.shape[role].memory.heapBytes),
    'log.properties': formatProperties([['io.trino', 'INFO']]),
    'node.properties': formatProperties([
      ['node.environment', 'production'],
      ['node.id', '${ENV:POD_NAME}'],
      ['node.internal-address', '${ENV:POD_IP}'],
      ['node.data-dir', '/data/trino'],
      ['plugin.dir', '/usr/lib/trino/plugin'],
    ]),
    ...(input.spec.spooling === undefined ? {} : { 'spooling-manager.properties': formatSpoolingManager(input.spec.spooling) }),
  };
}

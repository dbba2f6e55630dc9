// Step 5: the runtime's entry in the gateway's route table (design D5, D7). Owns condition RouteReady. Pure.
import { parseDuration } from '#core/duration.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import { routeKey } from '#apis/v1/names.ts';
import type { Lifecycle, ProvenCoordinator, RetiringCoordinator } from '#apis/v1/objects.ts';
import { formatRouteEntry, type RouteEntry, type RouteState } from '#apis/v1/route-entry.ts';
import { capacityUnitsOf } from '#render/shape.ts';
import type { Action } from '../../plan.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';
import type { StartFailure } from './readiness.ts';

export interface RouteInput {
  readonly lifecycle: Lifecycle;
  readonly proven: ProvenCoordinator | undefined;
  readonly failure: StartFailure | undefined;
  readonly isDraining: boolean;
  readonly retiring: readonly RetiringCoordinator[];
}

export interface RouteResult {
  readonly actions: readonly Action[];
  readonly judgement: Judgement;
  /** How clients select it, for the printer column. */
  readonly column: string;
  readonly state: RouteState;
}

function stateOf(seen: RuntimeSnapshot, { lifecycle, proven }: RouteInput): RouteState {
  if (seen.runtime.metadata.deletionTimestamp !== undefined) return 'DRAINING';
  if (lifecycle.desired === 'Asleep') return 'PAUSED';
  return proven === undefined ? 'RESUMING' : 'RUNNING';
}

/** A container may say 4 KiB on its end; a shard of the table has room for a thousand entries of any length that this leaves. */
const maxTextLength = 512;

function shortened(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength - 3)}...` : text;
}

function retiringEntry({ coordinatorId, url }: RetiringCoordinator): { coordinatorId: string; coordinatorUrl: string }[] {
  return coordinatorId === undefined ? [] : [{ coordinatorId, coordinatorUrl: url }];
}

export function routeEntryOf(seen: RuntimeSnapshot, input: RouteInput): RouteEntry {
  const { metadata, spec } = seen.runtime;
  const { routingGroup, hosts, headerValues, isDefault } = seen.claims;
  const state = stateOf(seen, input);
  const remembered = input.isDraining ? seen.runtime.status?.coordinator : undefined;
  const coordinator = input.proven ?? remembered;
  return {
    schema: 1,
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    state,
    routingGroup,
    hosts,
    headerValues,
    isDefault,
    weight: capacityUnitsOf(spec),
    ...(spec.routing?.stickyBy === undefined ? {} : { stickyBy: spec.routing.stickyBy }),
    ...(spec.routing?.maxRunning === undefined ? {} : { maxRunning: spec.routing.maxRunning }),
    ...(coordinator === undefined ? {} : { coordinatorUrl: coordinator.url, instance: coordinator.instance }),
    ...(coordinator?.coordinatorId === undefined ? {} : { coordinatorId: coordinator.coordinatorId }),
    ...(input.retiring.length === 0 ? {} : { retiring: input.retiring.flatMap(retiringEntry) }),
    trinoVersion: Number(spec.version),
    patienceMs: parseDuration(spec.wakePatience),
    ...(input.failure === undefined ? {} : { failure: { reason: input.failure.reason, message: shortened(input.failure.message) } }),
    note: shortened(input.lifecycle.message),
  };
}

function columnOf(seen: RuntimeSnapshot): string {
  const { hosts, headerValues, isDefault } = seen.claims;
  const names = [...hosts, ...headerValues.slice(1), ...(isDefault ? ['default'] : [])];
  return names.length > 0 ? names.join(',') : (headerValues[0] ?? '');
}

export function planRoute(seen: RuntimeSnapshot, input: RouteInput): RouteResult {
  const entry = routeEntryOf(seen, input);
  const text = formatRouteEntry(entry);
  const { lost } = seen.claims;
  const judgement: Judgement =
    lost.length > 0
      ? {
          type: 'RouteReady',
          status: 'False',
          reason: 'RouteConflict',
          message: `${lost.join(' and ')} ${lost.length > 1 ? 'are' : 'is'} already claimed by an older runtime: choose another, or have that one give it up. X-Trino-XTrinode: ${seen.claims.headerValues[0] ?? ''} always works`,
        }
      : { type: 'RouteReady', status: 'True', reason: 'RoutePublished', message: `published as ${columnOf(seen)}` };
  return {
    actions: text === seen.publishedRoute ? [] : [{ do: 'publish-route', key: routeKey(entry.namespace, entry.name), entry: text }],
    judgement,
    column: columnOf(seen),
    state: entry.state,
  };
}

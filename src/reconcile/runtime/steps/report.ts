// Last step: the status that follows from the pass. Pure; the executor writes it only when it differs.
import type { Condition } from '#core/objects.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import { nextConditions } from '#apis/v1/conditions.ts';
import { serviceName } from '#apis/v1/names.ts';
import type { Lifecycle, ProvenCoordinator, RetiringCoordinator, XTrinodeStatus } from '#apis/v1/objects.ts';
import { httpPort } from '#render/config.ts';
import { componentLabel, instanceLabel } from '#render/labels.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export interface ReportInput {
  readonly lifecycle: Lifecycle;
  readonly judgements: readonly Judgement[];
  readonly proven: ProvenCoordinator | undefined;
  readonly isDraining: boolean;
  readonly retiring: readonly RetiringCoordinator[];
  readonly revision: string;
  readonly servingRevision: string;
  readonly readyWorkers: number;
  readonly route: string;
  readonly catalogNames: readonly string[];
  readonly hasFailed: boolean;
}

function phaseOf(seen: RuntimeSnapshot, input: ReportInput): string {
  if (input.hasFailed) return 'Error';
  if (input.lifecycle.desired === 'Asleep') return seen.pods.length > 0 ? 'Suspending' : 'Suspended';
  if (input.proven !== undefined) return input.servingRevision === input.revision ? 'Ready' : 'Reconciling';
  return input.lifecycle.sequence > 1 ? 'Resuming' : 'Reconciling';
}

function summary(phase: string, judgements: readonly Judgement[], lifecycle: Lifecycle): Judgement {
  const type = 'Ready';
  const failed = judgements.find(
    ({ type: name, status }) => status === 'False' && (name === 'TrinoResourcesReady' || name === 'RuntimeReady'),
  );
  if (phase === 'Ready') {
    const degraded = judgements.find(
      ({ type: name, status, reason }) => (status === 'False' && name !== 'FieldsIgnored') || reason === 'WorkersMissing',
    );
    return {
      type,
      status: 'True',
      reason: 'AllComponentsReady',
      message:
        degraded?.reason === 'WorkersMissing'
          ? degraded.message
          : degraded === undefined
            ? 'queries run'
            : `queries run, but: ${degraded.message}`,
    };
  }
  if (phase === 'Suspended' || phase === 'Suspending') return { type, status: 'False', reason: 'Suspended', message: lifecycle.message };
  return { type, status: 'False', reason: failed?.reason ?? 'Reconciling', message: failed?.message ?? 'being made ready' };
}

/** The time of the first readiness is part of the lifecycle: the idle clock starts there, never earlier (design D1). */
function withReadyAt(lifecycle: Lifecycle, input: ReportInput): Lifecycle {
  if (lifecycle.desired !== 'Awake' || lifecycle.readyAt !== undefined || input.proven === undefined) return lifecycle;
  return { ...lifecycle, readyAt: input.proven.provenAt };
}

/** All as it was, but that nobody may believe it is Ready. */
export function reportFailure(seen: RuntimeSnapshot, message: string): XTrinodeStatus {
  const { metadata, status } = seen.runtime;
  const before = (status?.conditions ?? []) as readonly Condition[];
  const judgement: Judgement = { type: 'Ready', status: 'False', reason: 'ReconcileError', message };
  const ready = nextConditions(before, [judgement], metadata.generation ?? 1, new Date(seen.nowMs).toISOString());
  return { ...status, phase: 'Error', conditions: [...before.filter(({ type }) => type !== 'Ready'), ...ready] };
}

export function reportStatus(seen: RuntimeSnapshot, input: ReportInput): XTrinodeStatus {
  const { metadata, status: before } = seen.runtime;
  const phase = phaseOf(seen, input);
  const now = new Date(seen.nowMs).toISOString();
  const judgements = [...input.judgements, summary(phase, input.judgements, input.lifecycle)];
  const coordinator = input.proven ?? (input.isDraining ? before?.coordinator : undefined);
  const lastActivity =
    typeof seen.activity === 'object' && seen.activity.lastEndedAt !== undefined
      ? new Date(seen.activity.lastEndedAt).toISOString()
      : before?.lastActivity;
  return {
    phase,
    observedGeneration: metadata.generation ?? 1,
    coordinatorURL: `http://${serviceName(metadata.name)}.${metadata.namespace ?? 'default'}.svc.cluster.local:${httpPort}`,
    workers: input.readyWorkers,
    selector: `${instanceLabel}=${metadata.name},${componentLabel}=worker`,
    route: input.route,
    currentRevision: input.revision,
    servingRevision: input.servingRevision,
    // Written when something else is, so that idleness alone makes no writes.
    ...(lastActivity === undefined ? {} : { lastActivity }),
    observedCatalogs: [...input.catalogNames],
    lifecycle: withReadyAt(input.lifecycle, input),
    ...(coordinator === undefined ? {} : { coordinator }),
    ...(input.retiring.length === 0 ? {} : { retiring: [...input.retiring] }),
    conditions: nextConditions((before?.conditions ?? []) as readonly Condition[], judgements, metadata.generation ?? 1, now),
  };
}

// One pass over one runtime: the ordered steps, folded into a plan. Pure: snapshot in, plan out. This is the page to read
// to know what the operator does.
import type { XTrinodeStatus } from '#apis/v1/objects.ts';
import { finalizer } from '#apis/v1/resources.ts';
import { describeProblems } from '#apis/v1/xtrinode.rules.ts';
import { renderRuntime, type RenderedRuntime } from '#render/runtime.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import { sooner, type Action } from '../plan.ts';
import type { RuntimeSnapshot } from '../snapshot.ts';
import { chooseCatalogs } from './steps/catalogs.ts';
import { planFinalize } from './steps/finalize.ts';
import { judgeIgnoredFields } from './steps/ignored-fields.ts';
import { decideLifecycle } from './steps/lifecycle.ts';
import { judgeReadiness } from './steps/readiness.ts';
import { reportFailure, reportStatus } from './steps/report.ts';
import { chooseServing, planResources } from './steps/resources.ts';
import { judgeRetirement } from './steps/retire.ts';
import { planRoute } from './steps/route.ts';

export interface Plan {
  /** In the order in which they are to be done. */
  readonly actions: readonly Action[];
  /** Written next. Absent when the object is going away. */
  readonly status: XTrinodeStatus | undefined;
  /** Done last: what takes away the evidence for a decision must not come before the decision is on record (decision 0017). */
  readonly afterwards: readonly Action[];
  readonly againInMs: number | undefined;
  /** Also look again when a gateway has said something. */
  readonly waitsForGateways?: boolean;
}

/** Old and new revision at once, or a spec that cannot be rendered, must not stop the judgement of the rest. */
function tryRender(seen: RuntimeSnapshot, catalogs: Parameters<typeof renderRuntime>[0]['catalogs']): RenderedRuntime | Judgement {
  const { metadata, spec } = seen.runtime;
  try {
    const runtime = { namespace: metadata.namespace ?? 'default', name: metadata.name, uid: metadata.uid ?? '' };
    return renderRuntime({ runtime, spec, catalogs });
  } catch (error) {
    const message = `the spec cannot be rendered: ${error instanceof Error ? error.message : String(error)}`;
    return { type: 'TrinoResourcesReady', status: 'False', reason: 'ResourceBuildFailed', message };
  }
}

/** What neither the CRD nor a webhook has refused: it is told here, and what runs is left as it is. */
function judgeSpec({ specProblems }: RuntimeSnapshot): Judgement {
  const message = `the spec cannot be acted on, what runs is left as it is: ${describeProblems(specProblems)}`;
  return { type: 'TrinoResourcesReady', status: 'False', reason: 'SpecInvalid', message };
}

export function planRuntime(seen: RuntimeSnapshot): Plan {
  if (seen.runtime.metadata.deletionTimestamp !== undefined) return { ...planFinalize(seen), status: undefined, afterwards: [] };

  const decided = decideLifecycle(seen);
  const { lifecycle } = decided;
  const isAwake = lifecycle.desired === 'Awake';
  if (seen.specProblems.length > 0) return planUnrenderable(seen, judgeSpec(seen), decided.actions, lifecycle);
  const chosen = chooseCatalogs(seen);
  const rendered = tryRender(seen, chosen.catalogs);
  if ('reason' in rendered) return planUnrenderable(seen, rendered, decided.actions, lifecycle);

  const readiness = judgeReadiness(seen, rendered.revision, rendered.shape.workers, isAwake);
  const servingRevision = chooseServing(seen, rendered, readiness.proven !== undefined);
  const isSwitched = readiness.proven !== undefined && servingRevision === rendered.revision;
  const { retiring, ...retirement } = judgeRetirement(seen, servingRevision, isSwitched, isAwake);
  const resources = planResources(seen, lifecycle, rendered, {
    serving: servingRevision,
    retiring: retiring.map(({ revision }) => revision),
  });
  // While a new revision starts, the route stays with the one that serves.
  const isSwitching = servingRevision !== rendered.revision;
  const serving = isSwitching ? judgeReadiness(seen, servingRevision, rendered.shape.workers, isAwake) : readiness;
  const failure = serving.proven === undefined ? readiness.failure : undefined;
  const route = planRoute(seen, { lifecycle, proven: serving.proven, failure, isDraining: resources.isDraining, retiring });
  const status = reportStatus(seen, {
    lifecycle,
    judgements: [chosen.judgement, resources.judgement, readiness.judgement, route.judgement, judgeIgnoredFields(seen)],
    proven: serving.proven,
    isDraining: resources.isDraining,
    retiring,
    revision: rendered.revision,
    servingRevision,
    readyWorkers: serving.readyWorkers,
    route: route.column,
    catalogNames: rendered.catalogNames,
    hasFailed: readiness.failure !== undefined || resources.judgement.status === 'False',
  });
  const isFinalized = seen.runtime.metadata.finalizers?.includes(finalizer) === true;
  return {
    actions: [
      ...(isFinalized ? [] : [{ do: 'add-finalizer' } as const]),
      // Refusing new queries comes before anything ends, accepting them after all else is as it should be.
      ...(isAwake ? [...resources.actions, ...route.actions] : [...route.actions, ...resources.actions]),
    ],
    status,
    afterwards: [...decided.actions, ...failureEvents(seen, readiness.judgement)],
    againInMs: sooner(sooner(decided.againInMs, resources.againInMs), retirement.againInMs),
    waitsForGateways: resources.waitsForGateways,
  };
}

/** A pass that fails by a mistake of ours is told on the object too, and only there; it is tried again. */
export function planFailed(seen: RuntimeSnapshot, error: unknown): Plan {
  const message = `the operator cannot look after it and tries again: ${error instanceof Error ? error.message : String(error)}`;
  return { actions: [], status: reportFailure(seen, message), afterwards: [], againInMs: undefined };
}

function failureEvents(seen: RuntimeSnapshot, judgement: Judgement): readonly Action[] {
  const before = seen.runtime.status?.conditions?.find(({ type }) => type === judgement.type);
  const isNews = before?.reason !== judgement.reason;
  if (!isNews) return [];
  if (judgement.status === 'True') {
    // Workers that come and go are told by the condition; that queries run is the news.
    return before?.status === 'True' ? [] : [{ do: 'event', type: 'Normal', reason: 'RuntimeReady', message: judgement.message }];
  }
  if (judgement.reason === 'RuntimeNotReady' || judgement.reason === 'Suspended') return [];
  return [{ do: 'event', type: 'Warning', reason: judgement.reason, message: judgement.message }];
}

function planUnrenderable(
  seen: RuntimeSnapshot,
  judgement: Judgement,
  afterwards: readonly Action[],
  lifecycle: NonNullable<XTrinodeStatus['lifecycle']>,
): Plan {
  const before = seen.runtime.status;
  const retiring = before?.retiring ?? [];
  const failure = { reason: judgement.reason, message: judgement.message };
  const route = planRoute(seen, { lifecycle, proven: before?.coordinator, failure, isDraining: false, retiring });
  const status = reportStatus(seen, {
    lifecycle,
    judgements: [judgement, route.judgement, judgeIgnoredFields(seen)],
    proven: before?.coordinator,
    isDraining: false,
    retiring,
    revision: before?.currentRevision ?? '',
    servingRevision: before?.servingRevision ?? '',
    readyWorkers: before?.workers ?? 0,
    route: route.column,
    catalogNames: before?.observedCatalogs ?? [],
    hasFailed: true,
  });
  return { actions: route.actions, status, afterwards: [...afterwards, ...failureEvents(seen, judgement)], againInMs: undefined };
}

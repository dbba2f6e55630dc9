// Step 4: what runs, and whether its coordinator has proven that a query runs (design D16). Owns condition RuntimeReady.
// Pure; throws nothing.
import type { ContainerStatus, Pod } from '#core/objects.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import type { ProvenCoordinator } from '#apis/v1/objects.ts';
import type { Role } from '#apis/v1/names.ts';
import { componentLabel, revisionLabel } from '#render/labels.ts';
import { httpPort } from '#render/config.ts';
import type { CoordinatorProof, RuntimeSnapshot } from '../../snapshot.ts';

export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}

export interface Readiness {
  readonly judgement: Judgement;
  /** Coordinator of the asked-for revision, once proven. */
  readonly proven: ProvenCoordinator | undefined;
  readonly readyWorkers: number;
  readonly failure: StartFailure | undefined;
}

/** One failed start may be chance (a port in use, a node going away); the second is the configuration. */
const startsUntilFailure = 2;

export function podsOf(pods: readonly Pod[], revision: string, role: Role): readonly Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision && metadata.labels?.[componentLabel] === role);
}

function isLive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded';
}

function trinoStatus(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.[0];
}

/** Identifies one start of one process; undefined while nothing runs. */
export function instanceOf(pod: Pod): string | undefined {
  const status = trinoStatus(pod);
  if (!isLive(pod) || status?.state?.running === undefined || pod.status?.podIP === undefined) return undefined;
  return `${pod.metadata.uid ?? ''}/${status.restartCount}`;
}

export function coordinatorUrlOf(pod: Pod): string {
  const ip = pod.status?.podIP ?? '';
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${httpPort}`;
}

function isReady(pod: Pod): boolean {
  return isLive(pod) && pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Reasons of condition RuntimeReady that say that it cannot start, as against not yet. */
export const failureReasons: ReadonlySet<string> = new Set([
  'CoordinatorCannotStart',
  'WorkerCannotStart',
  'CoordinatorCrashes',
  'WorkerCrashes',
]);

const waitingForever = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

function failureOf(pod: Pod, role: Role): StartFailure | undefined {
  // It was told to end, as when its runtime goes to sleep: that is no failed start, and whoever wakes it meanwhile gets another Pod.
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  const status = trinoStatus(pod);
  const waiting = status?.state?.waiting;
  if (waiting?.reason !== undefined && waitingForever.has(waiting.reason)) {
    return {
      reason: `${role === 'coordinator' ? 'Coordinator' : 'Worker'}CannotStart`,
      message: `the ${role} cannot start: ${waiting.message ?? waiting.reason}`,
    };
  }
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  const starts = (status?.restartCount ?? 0) + (status?.state?.terminated === undefined ? 0 : 1);
  if (ended === undefined || starts < startsUntilFailure || isReady(pod)) return undefined;
  const how = ended.signal === undefined ? `exit code ${ended.exitCode}` : `signal ${ended.signal}`;
  return {
    reason: role === 'coordinator' ? 'CoordinatorCrashes' : 'WorkerCrashes',
    message: `the ${role} has failed to start ${starts} times (${how}): ${ended.message ?? ended.reason ?? 'its log says more (xtrinode logs)'}`,
  };
}

/** A route says RUNNING only after the proof: an operator that died before it wrote its status need not close it again. */
function publishedProof(seen: RuntimeSnapshot, instance: string): CoordinatorProof | undefined {
  const entry = seen.publishedEntry;
  if (entry?.state !== 'RUNNING' || entry.instance !== instance || entry.coordinatorUrl === undefined) return undefined;
  return { instance, url: entry.coordinatorUrl, coordinatorId: entry.coordinatorId, provenAt: seen.nowMs };
}

function provenOf(seen: RuntimeSnapshot, pod: Pod | undefined, revision: string): ProvenCoordinator | undefined {
  const instance = pod === undefined ? undefined : instanceOf(pod);
  if (instance === undefined) return undefined;
  const remembered = seen.runtime.status?.coordinator;
  if (remembered?.instance === instance) return remembered;
  const proof = seen.proof?.instance === instance ? seen.proof : publishedProof(seen, instance);
  if (proof === undefined) return undefined;
  const { url, coordinatorId, provenAt } = proof;
  return { revision, instance, url, ...(coordinatorId === undefined ? {} : { coordinatorId }), provenAt: new Date(provenAt).toISOString() };
}

function waitingFor(coordinator: Pod | undefined): string {
  if (coordinator === undefined) return 'the coordinator’s Pod is being created';
  const status = trinoStatus(coordinator);
  if (coordinator.spec.nodeName === undefined) return 'no node has taken the coordinator’s Pod yet';
  if (status?.state?.running !== undefined) return 'the coordinator is starting; it is handed queries once one has run on it';
  return `the coordinator is not running yet${status?.state?.waiting?.message === undefined ? '' : `: ${status.state.waiting.message}`}`;
}

export function judgeReadiness(seen: RuntimeSnapshot, revision: string, wantedWorkers: number, isAwake: boolean): Readiness {
  const coordinators = podsOf(seen.pods, revision, 'coordinator');
  const workers = podsOf(seen.pods, revision, 'worker');
  const readyWorkers = workers.filter(isReady).length;
  const type = 'RuntimeReady';
  if (!isAwake) {
    const left = seen.pods.length;
    const message = left === 0 ? 'asleep: nothing runs' : `going to sleep: ${left} Pod${left === 1 ? ' is' : 's are'} still ending`;
    return { judgement: { type, status: 'False', reason: 'Suspended', message }, proven: undefined, readyWorkers, failure: undefined };
  }
  const coordinator = coordinators.find(isLive);
  const proven = provenOf(seen, coordinator, revision);
  const firstFailure = (pods: readonly Pod[], role: Role): StartFailure | undefined =>
    pods.map((pod) => failureOf(pod, role)).find((found) => found !== undefined);
  const workerFailure = firstFailure(workers, 'worker');
  const failure = firstFailure(coordinators, 'coordinator') ?? (proven === undefined ? workerFailure : undefined);
  if (failure !== undefined) return { judgement: { type, status: 'False', ...failure }, proven, readyWorkers, failure };
  if (proven === undefined) {
    return {
      judgement: { type, status: 'False', reason: 'RuntimeNotReady', message: waitingFor(coordinator) },
      proven,
      readyWorkers,
      failure,
    };
  }
  if (readyWorkers >= wantedWorkers) {
    return { judgement: { type, status: 'True', reason: 'RuntimeReady', message: 'queries run on it' }, proven, readyWorkers, failure };
  }
  // Degraded, not out (design D5): what runs, what is missing, and why.
  const why = workerFailure === undefined ? '' : `: ${workerFailure.message}`;
  const message = `queries run; ${readyWorkers} of ${wantedWorkers} workers are ready${why}`;
  return { judgement: { type, status: 'True', reason: 'WorkersMissing', message }, proven, readyWorkers, failure };
}

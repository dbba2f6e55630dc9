// Runs one Pod from its binding to its removal:
//
//   prepare (image, address, ConfigMaps) ─► run (process + probes) ─► ended ─► restart after back-off, or stay ended
//        │ Waiting with a reason, retried        │
//        └────────────── asked to end ───────────┴─► terminate ─► final status ─► delete the Pod
//
// It owns the Pod's status. It must not know how a process is started (supervised-processes.ts) or what Trino needs
// (container-plan.ts).
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exponentialMs } from '#core/backoff.ts';
import type { Clock } from '#core/clock.ts';
import type { Container, ContainerState, Pod } from '#core/objects.ts';
import type { EventRecorder } from '#kube/control/events.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { pods } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import type { AddressPool } from './addresses.ts';
import { prepareContainer, type PreparedContainer } from './container-plan.ts';
import type { ImageTable, LocalImage } from './images.ts';
import { logFileOf, readLastLines } from './log-files.ts';
import type { ServiceNames } from './names.ts';
import { formatTime, buildPodStatus, type PodFacts } from './pod-status.ts';
import { listSourceNames, MissingSource, readSources, sourcesChanged } from './pod-sources.ts';
import { startProbes } from './probes.ts';
import { factsOfFormerRun, whyUnsupported } from './pod-start.ts';
import { planRestart } from './restart.ts';
import { createStatusWriter } from './status-writer.ts';
import type { ProcessExit, ProcessStarter, SupervisedProcess } from './supervised-processes.ts';
import { pickTellingLines } from './telling-lines.ts';
import { planPreStop, terminate } from './termination.ts';
import { aborted, pause } from '#core/pause.ts';
import { messageOf } from './error-words.ts';

export interface PodWorkerDeps {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly images: ImageTable;
  readonly addresses: AddressPool;
  readonly names: ServiceNames;
  readonly processes: ProcessStarter;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly podsDirectory: string;
  readonly pidDirectory: string;
}

/** The run a log reader may ask for. */
export interface RunLog {
  readonly file: string;
  readonly ended: AbortSignal;
}

export interface PodWorker {
  /** A newer version of the same Pod. */
  update(pod: Pod): void;
  /** The Pod is not in the API any more: end its process within a moment and forget it. */
  forget(): void;
  /** The node stops: end the process, keep the Pod. */
  stop(graceMs: number): void;
  /** Fulfilled when nothing of it is left to do. */
  readonly done: Promise<void>;
  runLog(isPrevious: boolean): RunLog | undefined;
}

interface Ending {
  readonly why: 'deleted' | 'forgotten' | 'stopped';
  readonly graceMs: number;
}

const HTTP_PORT = 8080;
const FORGOTTEN_GRACE_MS = 2_000;
const DEFAULT_GRACE_SECONDS = 30;
/** A node that stops does not wait longer for an API server that is away. */
const LAST_WRITES_MS = 3_000;
const RETRY = { baseMs: 1_000, maxMs: 30_000 };
const TELLING_LINES_READ = 400;

export function createPodWorker(first: Pod, deps: PodWorkerDeps): PodWorker {
  const { clock, api, events } = deps;
  const uid = first.metadata.uid ?? first.metadata.name;
  const namespace = first.metadata.namespace ?? 'default';
  const key = { namespace, name: first.metadata.name };
  const directory = join(deps.podsDirectory, uid);
  const container = first.spec.containers[0] as Container; // the API server accepts no Pod without one
  const status = createStatusWriter({ api, pod: first, clock, log: deps.log });
  const ending = new AbortController();
  /** No more patience with the process. */
  const hurry = new AbortController();
  /** No more patience with the API server. */
  const abandon = new AbortController();
  let end: Ending | undefined;
  let pod = first;
  let facts: PodFacts = factsOfFormerRun(first, formatTime(clock.now()));
  let hasRun = facts.lastState !== undefined;
  let runEnded = AbortSignal.abort();

  function report(change: Partial<PodFacts>): void {
    facts = { ...facts, ...change };
    status.set(buildPodStatus(pod, container, facts, formatTime(clock.now())));
  }

  function wait(reason: string, message?: string): void {
    report({ state: { waiting: { reason, ...(message === undefined ? {} : { message }) } }, isReady: false, isStarted: false });
  }

  function tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    events.record({ object: pod, type, reason, message });
  }

  function endWith(next: Ending): void {
    // the first word counts, except that a vanished Pod needs no removal; a later one may only shorten the grace
    if (end === undefined || next.why === 'forgotten') end = next;
    clock.after(next.graceMs, () => hurry.abort());
    ending.abort();
  }

  function graceOf(asked: Pod): number {
    return (asked.metadata.deletionGracePeriodSeconds ?? asked.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
  }

  /** Address, image, files. Undefined when the Pod ends first. */
  async function prepare(): Promise<PreparedContainer | undefined> {
    for (let attempt = 0; !ending.signal.aborted; attempt++) {
      const podIP = facts.podIP ?? (await takeAddress());
      const image = podIP === undefined ? undefined : await prepareImage();
      if (podIP !== undefined && image !== undefined && !ending.signal.aborted) {
        const prepared = await prepareFiles(podIP, image);
        if (prepared !== undefined) return prepared;
        continue; // something it lacked has changed
      }
      await pause(clock, exponentialMs(RETRY, attempt), ending.signal);
    }
    return undefined;
  }

  async function takeAddress(): Promise<string | undefined> {
    const ports = new Set([HTTP_PORT, ...(container.ports ?? []).map((port) => port.containerPort)]);
    const podIP = await deps.addresses.take([...ports]);
    if (podIP === undefined) {
      const message = `no address of this node has the ports ${[...ports].join(', ')} free; a program that listens on all addresses takes them from every Pod`;
      wait('CreatePodSandboxError', message);
      tell('Warning', 'FailedCreatePodSandBox', message);
    } else report({ podIP });
    return podIP;
  }

  async function prepareImage(): Promise<LocalImage | undefined> {
    const answer = await Promise.race([
      deps.images.prepare(container.image ?? '', (message) => wait('ImagePulling', message)),
      aborted(ending.signal),
    ]);
    if (answer === undefined) return undefined;
    if (answer.is === 'ready') return answer.image;
    wait('ErrImagePull', answer.message);
    tell('Warning', 'Failed', answer.message);
    if (!answer.mayRetry) await aborted(ending.signal);
    return undefined;
  }

  async function prepareFiles(podIP: string, image: LocalImage): Promise<PreparedContainer | undefined> {
    const wanted = listSourceNames(pod, container);
    try {
      const sources = await readSources(api, namespace, wanted, ending.signal);
      const namesFile = await Promise.race([deps.names.use(namespace), aborted(ending.signal)]);
      if (namesFile === undefined) return undefined;
      try {
        return await prepareContainer({
          pod,
          container,
          image,
          sources,
          podIP,
          nodeName: deps.nodeName,
          podDirectory: directory,
          namesFile,
        });
      } catch (error) {
        if (!(error instanceof MissingSource)) throw error;
        wait('CreateContainerConfigError', error.message);
        tell('Warning', 'Failed', `Error: ${error.message}`);
        await sourcesChanged(api, namespace, wanted, sources, ending.signal);
      }
    } catch (error) {
      if (ending.signal.aborted) return undefined;
      wait('CreateContainerError', messageOf(error));
      deps.log.warn('a Pod could not be prepared, will retry', { pod: key.name, namespace, error });
      await pause(clock, RETRY.baseMs, ending.signal);
    }
    return undefined;
  }

  /** Starts the process and stays until it has ended, for whatever reason. */
  async function runOnce(
    prepared: PreparedContainer,
  ): Promise<{ readonly exit: ProcessExit; readonly startedAt: number; readonly message: string }> {
    const over = new AbortController();
    runEnded = over.signal;
    if (hasRun) facts = { ...facts, restartCount: facts.restartCount + 1 };
    hasRun = true;
    const logFile = logFileOf(directory, facts.restartCount);
    await mkdir(join(directory, 'logs'), { recursive: true, mode: 0o700 });
    await rm(logFileOf(directory, facts.restartCount - 2), { force: true });
    await rm(`${logFileOf(directory, facts.restartCount - 2)}.1`, { force: true });
    const startedAt = clock.now();
    const process = deps.processes.start({ ...prepared, logFile, pidFile: join(deps.pidDirectory, `${uid}.json`) });
    const containerID = `process://${uid}/${facts.restartCount}`;
    tell('Normal', 'Started', `Started container ${container.name}`);
    try {
      const { exit, killMessage } = await superviseRun(process, prepared, (probed) => {
        const state = { running: { startedAt: formatTime(startedAt) } };
        report({ phase: 'Running', state, containerID, isStarted: probed.isStarted, isReady: probed.isReady });
      });
      const lines = await readLastLines(logFile, TELLING_LINES_READ);
      const message = [killMessage ?? exit.startError ?? '', exit.exitCode === 0 ? '' : pickTellingLines(lines)]
        .filter((text) => text !== '')
        .join('\n');
      return { exit, startedAt, message };
    } finally {
      over.abort();
    }
  }

  async function superviseRun(
    process: SupervisedProcess,
    prepared: PreparedContainer,
    onProbed: (probed: { readonly isStarted: boolean; readonly isReady: boolean }) => void,
  ): Promise<{ readonly exit: ProcessExit; readonly killMessage?: string }> {
    const kill = Promise.withResolvers<string>();
    const target = { podIP: facts.podIP ?? '', container, ...(prepared.health === undefined ? {} : { health: prepared.health }) };
    const probes = startProbes({
      target,
      clock,
      listener: {
        onChange: onProbed,
        onFailure: (kind, message) => tell('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
        onNotRun: (kind, message) => tell('Normal', 'ProbeNotRun', `The ${kind} probe counts as a success: ${message}`),
        onKill: (kind, message) => kill.resolve(`Container ${container.name} failed its ${kind} probe and was restarted: ${message}`),
      },
    });
    onProbed(probes.state);
    const event = await Promise.race([process.exited, kill.promise, aborted(ending.signal)]);
    probes.stop();
    if (typeof event === 'object') return { exit: event };
    const preStop = planPreStop(container);
    if (preStop.do === 'skip') tell('Normal', 'PreStopNotRun', preStop.message);
    if (event !== undefined) tell('Normal', 'Killing', event);
    const graceMs = event === undefined ? (end?.graceMs ?? graceOf(pod)) : graceOf(pod);
    const { exit } = await terminate(process, { graceMs, preStop, clock, hurry: hurry.signal });
    return event === undefined ? { exit } : { exit, killMessage: event };
  }

  async function live(): Promise<void> {
    const unsupported = whyUnsupported(pod);
    if (unsupported !== undefined) {
      wait('NotSupportedByProcessNode', unsupported);
      tell('Warning', 'Failed', unsupported);
      return;
    }
    let quickRestarts = 0;
    wait('ContainerCreating');
    while (!ending.signal.aborted) {
      const prepared = await prepare();
      if (prepared === undefined || ending.signal.aborted) return;
      const { exit, startedAt, message } = await runOnce(prepared);
      const terminated = terminatedState(exit, startedAt, clock.now(), message);
      if (ending.signal.aborted) {
        report({ state: terminated, isReady: false });
        return;
      }
      const policy = pod.spec.restartPolicy ?? 'Always';
      const plan = planRestart({ policy, exitCode: exit.exitCode, ranMs: clock.now() - startedAt, quickRestarts });
      if (plan.next === 'stay') {
        report({ phase: plan.phase, state: terminated, isReady: false });
        return;
      }
      quickRestarts = plan.quickRestarts;
      facts = { ...facts, lastState: terminated };
      if (plan.delayMs === 0) continue;
      wait(
        'CrashLoopBackOff',
        `back-off ${plan.delayMs / 1000}s restarting failed container=${container.name} pod=${key.name}_${namespace}`,
      );
      tell('Warning', 'BackOff', `Back-off restarting failed container ${container.name}${message === '' ? '' : `: ${message}`}`);
      await pause(clock, plan.delayMs, ending.signal);
    }
  }

  async function leave(): Promise<void> {
    if (facts.podIP !== undefined) deps.addresses.giveBack(facts.podIP);
    if (end?.why === 'deleted') report({ isReady: false });
    if (end?.why !== 'forgotten') await Promise.race([status.flush(), aborted(abandon.signal)]);
    status.stop();
    if (end?.why === 'stopped') return;
    await rm(directory, { recursive: true, force: true });
    if (end?.why === 'deleted') await removePod();
  }

  /** The last word of a kubelet: only now does the Pod's name become free. */
  async function removePod(): Promise<void> {
    for (let attempt = 0; !abandon.signal.aborted; attempt++) {
      try {
        await api.remove(pods, key, { uid, gracePeriodSeconds: 0, signal: abandon.signal });
        return;
      } catch (error) {
        if (isKubeError(error, 'NotFound', 'Conflict') || end?.why !== 'deleted') return;
        deps.log.warn('a Pod could not be removed, will retry', { pod: key.name, namespace, error });
        await pause(clock, exponentialMs(RETRY, attempt), abandon.signal);
      }
    }
  }

  async function run(): Promise<void> {
    if (facts.phase !== 'Succeeded' && facts.phase !== 'Failed') await live();
    await aborted(ending.signal);
    await leave();
  }

  function update(next: Pod): void {
    pod = next;
    if (next.metadata.deletionTimestamp !== undefined) endWith({ why: 'deleted', graceMs: graceOf(next) });
  }

  update(first);
  const done = run().catch((error: unknown) => deps.log.error('the worker of a Pod failed', { pod: key.name, namespace, error }));
  return {
    done,
    update,
    forget: () => endWith({ why: 'forgotten', graceMs: FORGOTTEN_GRACE_MS }),
    stop: (graceMs) => {
      endWith({ why: 'stopped', graceMs });
      clock.after(graceMs + LAST_WRITES_MS, () => abandon.abort());
    },
    runLog: (isPrevious) => {
      const number = facts.restartCount - (isPrevious ? 1 : 0);
      return number < 0 ? undefined : { file: logFileOf(directory, number), ended: isPrevious ? AbortSignal.abort() : runEnded };
    },
  };
}

function terminatedState(exit: ProcessExit, startedAt: number, finishedAt: number, message: string): ContainerState {
  const signal = exit.exitCode > 128 ? exit.exitCode - 128 : undefined;
  return {
    terminated: {
      exitCode: exit.exitCode,
      ...(exit.signal === undefined || signal === undefined ? {} : { signal }),
      reason: exit.startError !== undefined ? 'StartError' : exit.exitCode === 0 ? 'Completed' : 'Error',
      ...(message === '' ? {} : { message: message.slice(0, 2_500) }),
      startedAt: formatTime(startedAt),
      finishedAt: formatTime(finishedAt),
    },
  };
}

// Writes one Pod's status: the newest only, one write at a time, none when nothing differs, again and again while the API
// server is away.
import { exponentialMs } from '#core/backoff.ts';
import type { Clock } from '#core/clock.ts';
import { isEqual } from '#core/equality.ts';
import type { Pod, PodStatus } from '#core/objects.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { pods } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { pause } from '#core/pause.ts';

export const fieldManager = 'xtrinode-node';

export interface StatusWriter {
  set(status: PodStatus): void;
  /** Fulfilled when the last status is written, or cannot be because the Pod is gone. */
  flush(): Promise<void>;
  stop(): void;
}

export interface StatusWriterInit {
  readonly api: KubeApi;
  readonly pod: Pod;
  readonly clock: Clock;
  readonly log: Log;
}

const BACKOFF = { baseMs: 100, maxMs: 5_000 };

export function createStatusWriter({ api, pod, clock, log }: StatusWriterInit): StatusWriter {
  const stopping = new AbortController();
  const { name, namespace, uid } = pod.metadata;
  const key = namespace === undefined ? { name } : { namespace, name };
  let written: PodStatus | undefined = pod.status;
  let wanted: PodStatus | undefined;
  let writing: Promise<void> | undefined;

  async function run(): Promise<void> {
    // one turn later, so that changes of one moment are one write
    await Promise.resolve();
    let failures = 0;
    while (wanted !== undefined && !stopping.signal.aborted) {
      const next = wanted;
      if (isEqual(next, written)) {
        wanted = undefined;
        return;
      }
      try {
        // the uid makes sure that it is still this Pod and not a later one of the same name
        const patch = { metadata: { uid }, status: withRemovals(next, written) };
        await api.patch<Pod>(pods, key, 'merge', patch, { fieldManager, subresource: 'status', signal: stopping.signal });
        written = next;
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (isKubeError(error) && error.isTerminal) {
          if (error.code !== 404) log.warn('a Pod status was refused', { pod: name, namespace, error });
          if (error.code === 404) stopping.abort();
          written = next; // the same would be refused again
          continue;
        }
        if (isKubeError(error, 'Conflict')) {
          stopping.abort();
          return;
        }
        log.warn('a Pod status could not be written, will retry', { pod: name, namespace, error });
        await pause(clock, exponentialMs(BACKOFF, failures++), stopping.signal);
      }
    }
  }

  return {
    set(status) {
      if (stopping.signal.aborted) return;
      wanted = status;
      writing ??= run().finally(() => (writing = undefined));
    },
    async flush() {
      for (;;) {
        if (writing === undefined) return;
        await writing;
      }
    },
    stop: () => stopping.abort(),
  };
}

/** A merge patch keeps what it does not name: fields that went away are named as null. */
function withRemovals(next: PodStatus, before: PodStatus | undefined): Record<string, unknown> {
  const removed = Object.keys(before ?? {}).filter((field) => !(field in next) && ['reason', 'message', 'podIP', 'podIPs'].includes(field));
  return { ...next, ...Object.fromEntries(removed.map((field) => [field, null])) };
}

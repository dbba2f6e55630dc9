// Events live for an hour, as in Kubernetes. No timer runs while there are none.
import { asText, valueAt } from '../json-values.ts';
import type { KubeObject } from '#core/objects.ts';
import type { ControllerParts } from './parts.ts';

const EVENTS = '/events';
const TIME_TO_LIVE_MS = 60 * 60_000;
/** Expired events are collected in groups. */
const SWEEP_INTERVAL_MS = 5 * 60_000;

export function startEventExpiry({ store, clock }: ControllerParts): () => void {
  let cancel: (() => void) | undefined;

  function sweep(): void {
    cancel = undefined;
    const oldest = clock.now() - TIME_TO_LIVE_MS;
    for (const event of store.values(EVENTS)) {
      if (lastSeenAt(event) <= oldest) {
        store.delete(EVENTS, event);
      }
    }
    schedule();
  }

  function schedule(): void {
    const [any] = store.values(EVENTS);
    if (any !== undefined && cancel === undefined) {
      cancel = clock.after(SWEEP_INTERVAL_MS, sweep);
    }
  }

  const unsubscribe = store.subscribe(({ typeId, isDeletion }) => {
    if (typeId === EVENTS && !isDeletion) {
      schedule();
    }
  });
  schedule();
  return () => {
    unsubscribe();
    cancel?.();
  };
}

function lastSeenAt(event: KubeObject): number {
  const text = ['lastTimestamp', 'eventTime'].map((field) => asText(valueAt(event, [field]))).find((one) => one !== '');
  const at = Date.parse(text ?? event.metadata.creationTimestamp ?? '');
  return Number.isNaN(at) ? 0 : at;
}

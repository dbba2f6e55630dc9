// Watches: the history after a version, then live changes, filtered by the caller's selection. Each watcher has a bounded
// queue; one that does not keep up is ended with 410 and lists again, so that it can never hold the server's memory.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import type { WatchEvent } from '#kube/port.ts';
import { expired } from './refusals.ts';
import type { Change } from './history.ts';
import type { Store } from './store.ts';

/** Events a watcher may be behind before it is ended. */
const MAX_PENDING = 4_096;
/** As often as a real API server sends bookmarks, and as long before it ends a watch. */
const BOOKMARK_INTERVAL_MS = 60_000;
const LAST_BOOKMARK_MS = 2_000;

export interface WatchRequest {
  readonly typeId: string;
  /** Revision to go on from; undefined starts with what exists now. */
  readonly from: number | undefined;
  readonly isSelected: (object: KubeObject) => boolean;
  /** The stored object as the caller sees it (version, defaults). */
  readonly present: (object: KubeObject) => KubeObject;
  readonly wantsBookmarks: boolean;
  /** When the watch will be ended, if that is known. */
  readonly endsAtMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type AnyEvent = WatchEvent<KubeObject>;

function eventOf(change: Change, { isSelected, present }: WatchRequest): AnyEvent | undefined {
  const was = change.previous !== undefined && isSelected(change.previous);
  const is = !change.isDeletion && isSelected(change.object);
  if (is) {
    return { type: was ? 'MODIFIED' : 'ADDED', object: present(change.object) };
  }
  // Leaving the selection looks like a deletion, with the version at which it left.
  const { previous } = change;
  if (!was || previous === undefined) {
    return undefined;
  }
  const last = change.isDeletion
    ? change.object
    : { ...previous, metadata: { ...previous.metadata, resourceVersion: String(change.revision) } };
  return { type: 'DELETED', object: present(last) };
}

/** Live events; throws KubeError 410 when `from` is too old or the reader is too slow. Returns when the signal aborts. */
export async function* watchStore(store: Store, clock: Clock, request: WatchRequest): AsyncGenerator<AnyEvent, void, void> {
  const pending: AnyEvent[] = [];
  let isBehind = false;
  let wake: (() => void) | undefined;
  const push = (event: AnyEvent): void => {
    if (pending.length >= MAX_PENDING) {
      isBehind = true;
    } else {
      pending.push(event);
    }
    wake?.();
  };
  if (request.from === undefined) {
    for (const object of store.values(request.typeId)) {
      if (request.isSelected(object)) {
        pending.push({ type: 'ADDED', object: request.present(object) });
      }
    }
  } else {
    const missed = store.history.since(request.from);
    if (missed === undefined) {
      throw expired(String(request.from), store.history.oldest);
    }
    for (const change of missed) {
      const event = change.typeId === request.typeId ? eventOf(change, request) : undefined;
      if (event !== undefined) {
        pending.push(event);
      }
    }
  }
  const unsubscribe = store.subscribe((change) => {
    const event = change.typeId === request.typeId ? eventOf(change, request) : undefined;
    if (event !== undefined) {
      push(event);
    }
  });
  let cancelBookmark: (() => void) | undefined;
  const scheduleBookmark = (): void => {
    const lastInMs = (request.endsAtMs ?? Infinity) - LAST_BOOKMARK_MS - clock.now();
    cancelBookmark = clock.after(lastInMs > 0 ? Math.min(BOOKMARK_INTERVAL_MS, lastInMs) : BOOKMARK_INTERVAL_MS, () => {
      push({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(store.revision) } } });
      scheduleBookmark();
    });
  };
  if (request.wantsBookmarks) {
    scheduleBookmark();
  }
  const onAbort = (): void => wake?.();
  request.signal?.addEventListener('abort', onAbort);
  try {
    while (request.signal?.aborted !== true) {
      const event = pending.shift();
      if (event !== undefined) {
        yield event;
      } else if (isBehind) {
        throw expired('the watch fell behind', store.history.oldest);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  } finally {
    unsubscribe();
    cancelBookmark?.();
    request.signal?.removeEventListener('abort', onAbort);
  }
}

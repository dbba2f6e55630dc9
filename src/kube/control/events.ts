// Kubernetes Events, the lines under `kubectl describe`: one object per (object, reason, message) whose count grows. Telling
// never fails and never slows down who tells: writes happen later, one at a time, bounded and rate-limited.
import { createHash } from 'node:crypto';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { CoreEvent, KubeObject } from '#core/objects.ts';
import { silentLog } from '#observe/log.ts';
import type { Log } from '#observe/log.ts';
import { isKubeError } from '../errors.ts';
import type { KubeApi } from '../port.ts';
import { events } from '../resources.ts';

export interface EventNote {
  /** What the event is about. */
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** PascalCase, for machines. */
  readonly reason: string;
  /** For people: what happened, what follows, what they can do. */
  readonly message: string;
}

export interface EventRecorder {
  /** Throws nothing; a note that cannot be written is logged and dropped. */
  record(note: EventNote): void;
  /** Fulfilled when all that may be written now is written. */
  flush(): Promise<void>;
  stop(): void;
}

export interface EventRecorderInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** Who tells, e.g. 'xtrinode-operator'. */
  readonly component: string;
  readonly log?: Log;
}

interface Entry {
  readonly note: EventNote;
  readonly name: string;
  readonly namespace: string;
  readonly firstAt: EpochMs;
  lastAt: EpochMs;
  /** Seen since the last write. */
  unwritten: number;
  /** Total of the object on the server, or undefined before it exists. */
  written: number | undefined;
  nextWriteAt: EpochMs;
  /** Writes in a row that failed. */
  failures: number;
  isQueued: boolean;
}

/** Kinds of events remembered; the oldest is forgotten first (its next occurrence finds the object on the server). */
const maxEntries = 2_000;
/** A repeated event is counted at once and written this much later at the earliest. */
const repeatWriteMs = 10_000;
/** client-go's: two minutes of an API server that is away; events are worth no more. */
const maxTries = 12;
/** client-go's spam filter: this many different events of one object, then one more per refill. */
const burstPerObject = 25;
const refillMs = 300_000;
/** The API server refuses longer messages. */
const maxMessageLength = 1_024;

export function createEventRecorder(init: EventRecorderInit): EventRecorder {
  const { api, clock, component } = init;
  const log = init.log ?? silentLog;
  const entries = new Map<string, Entry>();
  const allowances = new Map<string, { tokens: number; at: EpochMs }>();
  const queue: Entry[] = [];
  const timers = new Set<() => void>();
  let writing: Promise<void> | undefined;
  let isStopped = false;

  function mayAdd(object: string): boolean {
    const now = clock.now();
    const before = allowances.get(object) ?? { tokens: burstPerObject, at: now };
    const tokens = Math.min(burstPerObject, before.tokens + (now - before.at) / refillMs);
    allowances.delete(object);
    allowances.set(object, { tokens: Math.max(0, tokens - 1), at: now });
    dropOldest(allowances);
    return tokens >= 1;
  }

  function entryOf(note: EventNote): Entry | undefined {
    const { metadata, kind } = note.object;
    const namespace = metadata.namespace ?? 'default';
    const object = `${kind}/${namespace}/${metadata.name}/${metadata.uid ?? ''}`;
    const key = `${object}\n${note.type}\n${note.reason}\n${note.message}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (!mayAdd(object)) return undefined;
    const now = clock.now();
    // The name follows from the content, so a restarted process counts on instead of starting a second object.
    const hash = createHash('sha256').update(`${component}\n${key}`).digest('hex').slice(0, 16);
    const name = `${metadata.name.slice(0, 200)}.${hash}`;
    const entry = {
      note,
      name,
      namespace,
      firstAt: now,
      lastAt: now,
      unwritten: 0,
      written: undefined,
      nextWriteAt: now,
      failures: 0,
      isQueued: false,
    };
    entries.set(key, entry);
    dropOldest(entries);
    return entry;
  }

  function enqueue(entry: Entry): void {
    if (entry.isQueued || isStopped) return;
    if (queue.length >= maxEntries) {
      log.debug('event dropped, too many wait to be written', { reason: entry.note.reason });
      return;
    }
    entry.isQueued = true;
    const waitMs = entry.nextWriteAt - clock.now();
    if (waitMs > 0) {
      const cancel = clock.after(waitMs, () => {
        timers.delete(cancel);
        push(entry);
      });
      timers.add(cancel);
    } else push(entry);
  }

  function push(entry: Entry): void {
    queue.push(entry);
    writing ??= drain().finally(() => (writing = undefined));
  }

  function nextQueued(): Entry | undefined {
    return isStopped ? undefined : queue.shift();
  }

  async function drain(): Promise<void> {
    // One turn later: the notes of one reconcile are counted before the first is written.
    await Promise.resolve();
    for (let entry = nextQueued(); entry !== undefined; entry = nextQueued()) {
      entry.isQueued = false;
      entry.nextWriteAt = clock.now() + repeatWriteMs;
      const count = entry.unwritten;
      entry.unwritten = 0;
      try {
        await write(entry, count);
        entry.failures = 0;
      } catch (error) {
        entry.failures += 1;
        const isHopeless = (isKubeError(error) && error.isTerminal) || entry.failures >= maxTries;
        const about = { reason: entry.note.reason, object: entry.note.object.metadata.name, error };
        // A missing permission is for somebody to mend; an outage is told by everybody else.
        log[isKubeError(error, 'Forbidden') && entry.failures === 1 ? 'warn' : 'debug']('event not written', about);
        if (isHopeless) continue;
        entry.unwritten += count;
        enqueue(entry);
      }
    }
  }

  async function write(entry: Entry, count: number): Promise<void> {
    if (entry.written === undefined) {
      try {
        await api.create<CoreEvent>(events, eventOf(entry, count, component), { fieldManager: component });
        entry.written = count;
        return;
      } catch (error) {
        if (!isKubeError(error, 'AlreadyExists')) throw error;
        const existing = await api.get<CoreEvent>(events, entry);
        entry.written = existing?.count ?? 1;
      }
    }
    const total = entry.written + count;
    const patch = { count: total, lastTimestamp: new Date(entry.lastAt).toISOString().replace(/\.\d+Z$/, 'Z') };
    try {
      await api.patch<CoreEvent>(events, entry, 'merge', patch, { fieldManager: component });
      entry.written = total;
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      // Events expire on the server after an hour: begin again.
      entry.written = undefined;
      await api.create<CoreEvent>(events, eventOf(entry, count, component), { fieldManager: component });
      entry.written = count;
    }
  }

  async function flush(): Promise<void> {
    if (writing === undefined) return;
    await writing;
    await flush();
  }

  return {
    record(note) {
      if (isStopped) return;
      const entry = entryOf(note);
      if (entry === undefined) return;
      entry.unwritten += 1;
      entry.lastAt = clock.now();
      enqueue(entry);
    },
    flush,
    stop() {
      isStopped = true;
      for (const cancel of timers) cancel();
      timers.clear();
      queue.length = 0;
    },
  };
}

function dropOldest(map: Map<string, unknown>): void {
  const oldest = map.size > maxEntries ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}

function eventOf(entry: Entry, count: number, component: string): CoreEvent {
  const { object, type, reason, message } = entry.note;
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const at = (ms: EpochMs): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: entry.name, namespace: entry.namespace },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    type,
    reason,
    message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 3)}...` : message,
    count,
    firstTimestamp: at(entry.firstAt),
    lastTimestamp: at(entry.lastAt),
    source: { component },
    reportingComponent: component,
  };
}

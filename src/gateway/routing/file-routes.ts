// The route table from a file, for a gateway without Kubernetes (design D7): read again whenever it changes, the last good
// version of each entry kept, only REMOVED takes one away. Nobody wakes a sleeping runtime then, and its entry says so. Shell.
import { readFileSync } from 'node:fs';
import type { Clock } from '#core/clock.ts';
import { formatRouteEntry, nobodyToWake, type RouteEntry } from '#apis/v1/route-entry.ts';
import type { Log } from '#observe/log.ts';
import { followFile } from '../follow-file.ts';
import { readFileEntries } from './file-entries.ts';
import type { RouteSource } from './route-source.ts';
import { buildRouteTable, emptyTable, keyOfEntry, type RouteTable } from './route-table.ts';

export interface FileRoutesInit {
  readonly file: string;
  /** Throws an Error that says where the text is not well-formed. */
  readonly parse: (text: string) => unknown;
  readonly clock: Clock;
  readonly log: Log;
}

function withNobodyToWake(entry: RouteEntry, file: string): RouteEntry {
  if (entry.state !== 'PAUSED') return entry;
  const message = `it is PAUSED, and this gateway runs from a file, so it has nobody to wake it: start its Trino and set state: RUNNING in ${file}, or run the gateway with --api-server`;
  return { ...entry, failure: { reason: nobodyToWake, message } };
}

/** Throws when the directory of the file cannot be watched. */
export function createFileRoutes({ file, parse, clock, log }: FileRoutesInit): RouteSource {
  const listeners = new Set<(table: RouteTable) => void>();
  let entries: ReadonlyMap<string, RouteEntry> = new Map();
  let table = emptyTable;
  let endFollowing: (() => void) | undefined;
  let lastText = '';

  function keepAll(why: string): void {
    const kept = entries.size === 0 ? 'no route is known yet' : 'the last good routes stay in force';
    log.warn(`the routes file ${why}; ${kept}`, { file });
  }

  function readText(): string | undefined {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      keepAll(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  function parsed(text: string): unknown {
    try {
      return parse(text);
    } catch (error) {
      keepAll(`is not well-formed: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  function merge(good: readonly RouteEntry[]): Map<string, RouteEntry> {
    const merged = new Map(entries);
    for (const entry of good.map((one) => withNobodyToWake(one, file))) {
      const before = merged.get(keyOfEntry(entry));
      // An entry that is still the same keeps its identity, by which a change is noticed.
      if (before === undefined || formatRouteEntry(before) !== formatRouteEntry(entry)) merged.set(keyOfEntry(entry), entry);
    }
    return merged;
  }

  function read(): void {
    const text = readText();
    if (text === undefined || text === lastText) return;
    lastText = text;
    if (text.trim() === '') return keepAll('is empty');
    const list = parsed(text);
    if (list === undefined) return;
    const { entries: good, problems } = readFileEntries(list);
    for (const problem of problems)
      log.warn('a route entry is not usable; its last good version, if there is one, stays in force', { file, problem });
    const named = new Set(good.map(keyOfEntry));
    const missing = [...entries.values()].filter((entry) => entry.state !== 'REMOVED' && !named.has(keyOfEntry(entry)));
    if (missing.length > 0)
      log.warn('route entries are no longer in the file; they stay in force until their state is REMOVED', {
        file,
        runtimes: missing.map(keyOfEntry),
      });
    entries = merge(good);
    table = buildRouteTable(entries.values());
    log.info('routes read', { file, entries: good.length, problems: problems.length });
    for (const listener of listeners) listener(table);
  }

  return {
    table: () => table,
    version: () => undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      const onError = (error: Error): void => log.error('the routes file is no longer watched: restart the gateway', { file, error });
      endFollowing = followFile({ file, clock, onChange: read, onError });
      read();
      return Promise.resolve();
    },
    stop: () => endFollowing?.(),
  };
}

// What a cached object weighs: 10,000 Pods as a real server lists them, kept as they come, as a reflector keeps them, and as
// metadata alone. Bytes of V8's heap after a full collection, so the numbers are of the engine, not of the machine.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createReflector } from '../../src/kube/cache/reflector.ts';
import type { KubeObject } from '../../src/core/objects.ts';
import type { KubeApi, ListOptions } from '../../src/kube/port.ts';
import { pods } from '../../src/kube/resources.ts';
import { silentLog } from '../../src/observe/log.ts';
import { systemClock } from '../../src/observe/system-clock.ts';
import { aServerPod } from '../builders/server-pod.ts';
import { median, type Bench } from './bench.ts';

const count = 10_000;
const pageSize = 500;
const textOf = (objects: readonly unknown[]): string => JSON.stringify(objects);
/** As the server answers to `metadataOnly`; managedFields would go anyway. */
const headOf = ({ apiVersion, kind, metadata }: KubeObject): object => ({
  apiVersion,
  kind,
  metadata: { ...metadata, managedFields: undefined },
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  // What was stopped lets go of its objects a turn later.
  await setImmediate();
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Pages as text, parsed again at each list, as from a socket. */
function anApi(pages: readonly string[]): KubeApi {
  return {
    async list(_resource: unknown, where: ListOptions) {
      const at = Number(where.continue ?? 0);
      const more = at + 1 < pages.length ? { continue: String(at + 1) } : {};
      return { metadata: { resourceVersion: '1', ...more }, items: JSON.parse(pages[at] ?? '[]') as KubeObject[] };
    },
    async *watch(_resource: unknown, _where: unknown, { signal }: { readonly signal: AbortSignal }) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      yield* [];
    },
  } as unknown as KubeApi;
}

async function bytesKept(pages: readonly string[]): Promise<number> {
  const before = await heapBytes();
  const reflector = createReflector({
    api: anApi(pages),
    resource: pods,
    where: {},
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
  reflector.start();
  await reflector.synced;
  const bytes = (await heapBytes()) - before;
  const held = reflector.store.list().length;
  reflector.stop();
  if (held !== count) throw new Error(`the cache holds ${held} objects instead of ${count}`);
  return bytes / count;
}

async function bytesAsTheyCome(pages: readonly string[]): Promise<number> {
  const before = await heapBytes();
  const all = pages.flatMap((page) => JSON.parse(page) as KubeObject[]);
  return ((await heapBytes()) - before) / all.length;
}

async function measure(): Promise<Record<string, number>> {
  const numbers = Array.from({ length: count / pageSize }, (_, page) => page * pageSize);
  const pageOf = (map: (object: KubeObject) => object) => (first: number) =>
    textOf(Array.from({ length: pageSize }, (_, one) => map(aServerPod(first + one))));
  const whole = numbers.map(pageOf((object) => object));
  const heads = numbers.map(pageOf(headOf));
  const jsonBytes = whole.reduce((sum, page) => sum + page.length, 0) / count;
  const asTheyComeBytes = await bytesAsTheyCome(whole);
  const keptBytes = await bytesKept(whole);
  const metadataOnlyBytes = await bytesKept(heads);
  // Named here, so that the text is alive during all measurements and part of none.
  if (whole.length !== heads.length) throw new Error('pages are missing');
  return {
    jsonBytes: Math.round(jsonBytes),
    asTheyComeBytes: Math.round(asTheyComeBytes),
    keptBytes: Math.round(keptBytes),
    metadataOnlyBytes: Math.round(metadataOnlyBytes),
  };
}

export const benchCache: Bench = {
  defaultRuns: 3,
  async run(times) {
    const runs: Record<string, number>[] = [];
    for (let run = 0; run < times; run += 1) runs.push(await measure());
    const of = (name: string): number => median(runs.map((run) => run[name] ?? 0));
    const percent = (part: string): number => Math.round((100 * of(part)) / of('asTheyComeBytes'));
    return {
      what: `heap per object of ${count} Pods in a cache, bytes`,
      runs,
      limits: [
        { name: 'kept, of what comes', value: percent('keptBytes'), most: 60, unit: '%' },
        { name: 'metadata only, of what comes', value: percent('metadataOnlyBytes'), most: 15, unit: '%' },
      ],
    };
  },
};

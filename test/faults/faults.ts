// Named faults of an API server, and one run of a scenario under one of them. What they do is in script.ts, what must come of it in
// faults.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import type { KubeApi } from '#kube/port.ts';
import { silentLog, type Log } from '#observe/log.ts';
import { readEndState, type EndState } from '../sweep/end-state.ts';
import type { Scenario } from '../sweep/scenarios.ts';
import { prepare } from '../sweep/sweep.ts';
import { createWorld, type World } from '../sweep/world.ts';
import { startFaultProxy, type FaultProxy, type TimedCall } from './fault-proxy.ts';
import type { FaultScript } from './script.ts';

export interface NamedFault {
  readonly name: string;
  readonly script: FaultScript;
  /** How much longer than undisturbed a scenario may take under it, in ms. */
  readonly costsMs: number;
  /** Most lists of one resource that it may cause. */
  readonly mostLists: number;
}

const minute = 60_000;
/** A bad time of the API server; well after it all must be as if it had not been. */
const badMs = 5 * minute;
const overMs = 6 * minute;
const internalError = { do: 'answer', code: 500, reason: 'InternalError' } as const;
const expired = { do: 'answer', code: 410, reason: 'Expired' } as const;

export const faults: readonly NamedFault[] = [
  {
    name: 'every call takes two seconds',
    script: [{ on: 'calls', untilMs: badMs, fault: { do: 'delay', ms: 2_000 } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the writes are reset before they are sent',
    script: [{ on: 'writes', every: 2, untilMs: badMs, fault: { do: 'reset', when: 'before' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the writes are done, and their answers lost',
    script: [{ on: 'writes', every: 2, untilMs: badMs, fault: { do: 'reset', when: 'after' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the calls break off in the middle of the answer',
    script: [{ on: 'calls', every: 2, untilMs: badMs, fault: { do: 'reset', when: 'midway' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the calls are taken and never answered',
    script: [{ on: 'calls', every: 2, untilMs: badMs, fault: { do: 'hang' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the writes conflict (409)',
    script: [{ on: 'writes', every: 2, untilMs: badMs, fault: { do: 'answer', code: 409, reason: 'Conflict' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the calls are too many (429, Retry-After 7 s)',
    script: [
      { on: 'calls', every: 2, untilMs: badMs, fault: { do: 'answer', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 7 } },
    ],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the calls find it overloaded (503, Retry-After 7 s)',
    script: [
      { on: 'calls', every: 2, untilMs: badMs, fault: { do: 'answer', code: 503, reason: 'ServiceUnavailable', retryAfterSeconds: 7 } },
    ],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'half of the calls fail (500)',
    script: [{ on: 'all', every: 2, untilMs: badMs, fault: internalError }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'every call fails for five minutes (500)',
    script: [{ on: 'all', untilMs: badMs, fault: internalError }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'watches break after three events, and what is under way is lost',
    script: [{ on: ['watch'], untilMs: badMs, fault: { do: 'cut', afterEvents: 3 } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'watches end after three events',
    script: [{ on: ['watch'], untilMs: badMs, fault: { do: 'close', afterEvents: 3 } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'versions are always too old (410)',
    script: [
      { on: 'all', fromMs: 1_000, untilMs: 1_001, fault: { do: 'reset', when: 'before' } },
      { on: ['watch'], untilMs: badMs, fault: expired },
    ],
    costsMs: overMs,
    mostLists: 60,
  },
  {
    name: 'lists are of long ago',
    script: [
      { on: 'all', fromMs: 1_000, untilMs: 1_001, fault: { do: 'reset', when: 'before' } },
      { on: ['watch'], fromMs: 1_000, untilMs: 3_000, fault: expired },
      { on: ['list'], untilMs: 40_000, fault: { do: 'stale' } },
    ],
    costsMs: overMs,
    mostLists: 24,
  },
  {
    name: 'versions are gone, and lists too (410)',
    script: [
      { on: 'all', fromMs: 1_000, untilMs: 1_001, fault: { do: 'reset', when: 'before' } },
      { on: ['watch'], fromMs: 1_000, untilMs: 3_000, fault: expired },
      { on: ['list'], untilMs: minute, fault: expired },
    ],
    costsMs: overMs,
    mostLists: 30,
  },
  {
    name: 'watches go silent without ending',
    script: [{ on: ['watch'], untilMs: minute, fault: { do: 'silence' } }],
    // As long as a reflector believes a watch that never sent a bookmark.
    costsMs: 13 * minute,
    mostLists: 0,
  },
  {
    name: 'the API server is away for five minutes',
    script: [{ on: 'all', untilMs: badMs, fault: { do: 'reset', when: 'before' } }],
    costsMs: overMs,
    mostLists: 0,
  },
  {
    name: 'the API server stands still for five minutes: it answers nothing and closes nothing',
    script: [{ on: 'all', untilMs: badMs, fault: { do: 'hang' } }],
    // Here, too, a watch is believed for long.
    costsMs: 13 * minute,
    mostLists: 0,
  },
];

export interface FaultyRun {
  readonly end: EndState;
  readonly calls: readonly TimedCall[];
  /** Calls and watches that met the fault. */
  readonly struck: number;
}

export interface FaultyWorld {
  readonly world: World;
  readonly proxy: FaultProxy;
  /** The real client, through the proxy: what an operator gets. */
  readonly api: KubeApi;
  stop(): Promise<void>;
}

export async function createFaultyWorld(log: Log = silentLog): Promise<FaultyWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  let proxy: FaultProxy | undefined;
  const world = await createWorld({ log, activity: () => proxy?.activity() ?? 0 });
  const { clock } = world;
  const { kubeconfigPath: upstream } = await world.listen(directory);
  proxy = await startFaultProxy({ clock, upstream, kubeconfigPath: join(directory, 'faulty') });
  const client = createHttpKubeApi({ kubeconfigPath: proxy.kubeconfigPath, clock, log, env: {}, random: () => 0.5 });
  return {
    world,
    proxy,
    api: client,
    async stop() {
      await world.stop();
      await client.close();
      await proxy.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Without a fault: undisturbed. */
export async function runFaulty(scenario: Scenario, fault: NamedFault | undefined, log?: Log): Promise<FaultyRun> {
  const { world, proxy, api, stop } = await createFaultyWorld(log);
  try {
    await world.startOperator(api);
    await prepare(world, scenario);
    proxy.begin(fault?.script ?? []);
    await scenario.act(world);
    await world.pass(scenario.takesMs + (fault?.costsMs ?? 0));
    return { end: await readEndState(world), calls: [...proxy.calls], struck: proxy.struck() };
  } finally {
    await stop();
  }
}

/** Of the resource that was listed most often; a list of one object by its name is none. */
export function mostListsOf(calls: readonly TimedCall[]): number {
  const counts = new Map<string, number>();
  for (const { verb, plural, name } of calls) if (verb === 'list' && name === undefined) counts.set(plural, (counts.get(plural) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** Calls for the same thing within any minute: of the thing that was asked for most often. */
export function mostAlikeInAMinute(calls: readonly TimedCall[]): number {
  const times = new Map<string, number[]>();
  let most = 0;
  for (const { at, ...call } of calls) {
    const key = JSON.stringify(call);
    const within = [...(times.get(key) ?? []).filter((before) => before > at - minute), at];
    times.set(key, within);
    most = Math.max(most, within.length);
  }
  return most;
}

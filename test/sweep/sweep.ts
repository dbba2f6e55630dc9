// The crash sweep: a scenario undisturbed, then again for every write with an operator that dies at it and starts anew with an empty
// memory, and with one that never hears what became of it. Every run must end as the undisturbed one did.
import { isEqual } from '#core/equality.ts';
import { silentLog, type Log } from '#observe/log.ts';
import { readEndState, type EndState } from './end-state.ts';
import { crashKinds, createMortalApi, type CrashPoint } from './mortal-api.ts';
import { create, createCatalog, type Scenario } from './scenarios.ts';
import { createWorld, type World } from './world.ts';

export interface Run {
  readonly end: EndState;
  /** Of all operators since the scenario's own event. */
  readonly writes: readonly string[];
}

/** From the death to the next start. */
const downMs = 3_000;
const prepareMs = 30_000;

export async function prepare(world: World, scenario: Scenario): Promise<void> {
  await createCatalog(world, {});
  if (scenario.before !== undefined) await create(world, scenario.before);
  await world.pass(prepareMs);
}

export async function runScenario(scenario: Scenario, crash?: CrashPoint, log: Log = silentLog): Promise<Run> {
  const world = await createWorld({ log });
  try {
    const first = createMortalApi(world.api);
    const operator = await world.startOperator(first.api);
    await prepare(world, scenario);
    first.arm(crash);
    const startedAt = world.clock.now();
    await scenario.act(world);
    await world.pass(scenario.takesMs, first.isDead);
    const writes = [...first.writes];
    if (first.isDead()) {
      await operator.stop();
      await world.pass(downMs);
      const second = createMortalApi(world.api);
      await world.startOperator(second.api);
      await world.pass(startedAt + downMs + scenario.takesMs - world.clock.now());
      writes.push(...second.writes);
    }
    return { end: await readEndState(world), writes };
  } finally {
    await world.stop();
  }
}

function differing(kind: string, a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => !isEqual(a[name], b[name]))
    .map((name) => `${kind} ${name}: ${firstDifference(a[name], b[name], '')}`);
}

export function findObjectDifferences(expected: EndState['objects'], actual: EndState['objects']): string[] {
  return differing('object', expected, actual);
}

/** In words, one line each; none when the runs ended alike. */
export function findDifferences(expected: EndState, actual: EndState): string[] {
  return [
    ...findObjectDifferences(expected.objects, actual.objects),
    ...differing('starts of', expected.starts, actual.starts),
    ...(isEqual(expected.routeStates, actual.routeStates)
      ? []
      : [`routes went ${actual.routeStates.join(', ')} instead of ${expected.routeStates.join(', ')}`]),
  ];
}

function firstDifference(a: unknown, b: unknown, path: string): string {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (isObject(a) && isObject(b)) {
    const member = [...new Set([...Object.keys(a), ...Object.keys(b)])].find((key) => !isEqual(a[key], b[key]));
    if (member !== undefined) return firstDifference(a[member], b[member], `${path}.${member}`);
  }
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 160);
  return `${path === '' ? 'it' : path} is ${short(b)} instead of ${short(a)}`;
}

export interface CrashResult {
  readonly crash: CrashPoint;
  readonly at: string;
  readonly differences: readonly string[];
  readonly writes: number;
}

export interface Sweep {
  readonly undisturbed: Run;
  readonly results: readonly CrashResult[];
}

/** All kinds of crash at the writes that `isChosen` (numbered from 1). */
export async function sweepScenario(scenario: Scenario, isChosen: (crash: CrashPoint) => boolean = () => true): Promise<Sweep> {
  const undisturbed = await runScenario(scenario);
  const results: CrashResult[] = [];
  for (const [index, at] of undisturbed.writes.entries()) {
    for (const kind of crashKinds) {
      const crash = { write: index + 1, kind };
      if (!isChosen(crash)) continue;
      const { end, writes } = await runScenario(scenario, crash);
      results.push({ crash, at, differences: findDifferences(undisturbed.end, end), writes: writes.length });
    }
  }
  return { undisturbed, results };
}

/** In words, for whoever reads a failed run. */
export function describeBad({ results }: Sweep): string {
  return results
    .filter(({ differences }) => differences.length > 0)
    .map(({ crash, at, differences }) => `  ${crash.kind} at write ${crash.write} (${at}):\n    ${differences.join('\n    ')}\n`)
    .join('');
}

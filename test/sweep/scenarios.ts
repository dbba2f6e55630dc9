// What a runtime goes through in the crash sweep and in the fault runs: a state to begin with, one thing that happens, and the
// time that it may take. As data; sweep.ts runs them.
import type { KubeObject, Lease } from '#core/objects.ts';
import { annotations, apiVersion, demandLabel, demandLeaseName, xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { leases } from '#kube/resources.ts';
import { team, type World } from './world.ts';

export interface Scenario {
  readonly name: string;
  /** Spec of the runtime that is there and settled before; absent: none is. */
  readonly before?: Readonly<Record<string, unknown>>;
  act(world: World): Promise<unknown>;
  /** By then all has happened. */
  readonly takesMs: number;
}

export const runtimeName = 'sales';
const key = { namespace: team, name: runtimeName };
const user = { fieldManager: 'somebody' };
const minute = 60_000;

export const awakeSpec = {
  size: 's',
  version: '483',
  minWorkers: 1,
  maxWorkers: 3,
  workers: 2,
  // Longer than any run.
  autoSuspendAfter: '5h',
  suspended: false,
  routing: { hostname: 'sales.example.com', default: true },
  catalogSelector: { matchLabels: { team: 'sales' } },
};

export function create(world: World, runtimeSpec: Readonly<Record<string, unknown>>): Promise<KubeObject> {
  return world.api.create(xtrinodes, { apiVersion, kind: 'XTrinode', metadata: key, spec: runtimeSpec } as KubeObject, user);
}

export function createCatalog(world: World, properties: Readonly<Record<string, string>>): Promise<KubeObject> {
  const metadata = { namespace: team, name: 'orders' };
  const catalog = {
    apiVersion,
    kind: 'XTrinodeCatalog',
    metadata,
    spec: { connector: { tpch: { properties } }, labels: { team: 'sales' } },
  };
  return world.api.apply(xtrinodeCatalogs, catalog, { ...user, force: true });
}

function edit(world: World, change: Readonly<Record<string, unknown>>): Promise<KubeObject> {
  return world.api.patch(xtrinodes, key, 'merge', { spec: change }, user);
}

function command(world: World, requested: string, at: string): Promise<KubeObject> {
  const stamp = new Date(world.clock.now()).toISOString();
  return world.api.patch(xtrinodes, key, 'merge', { metadata: { annotations: { [requested]: 'true', [at]: stamp } } }, user);
}

/** As the API server records it for a waiting query. */
function demand(world: World): Promise<Lease> {
  const now = new Date(world.clock.now()).toISOString().replace('Z', '000Z');
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: team, name: demandLeaseName(runtimeName), labels: { [demandLabel]: runtimeName } },
    spec: { holderIdentity: 'gateway:ann', leaseDurationSeconds: 1_800, acquireTime: now, renewTime: now },
  };
  return world.api.apply(leases, lease, { ...user, force: true });
}

export const scenarios: readonly Scenario[] = [
  { name: 'create', act: (world) => create(world, awakeSpec), takesMs: minute },
  { name: 'create asleep', act: (world) => create(world, { ...awakeSpec, suspended: true }), takesMs: minute },
  { name: 'wake by a query', before: { ...awakeSpec, suspended: true }, act: demand, takesMs: 2 * minute },
  {
    name: 'wake by command',
    before: { ...awakeSpec, suspended: true },
    act: (world) => command(world, annotations.resumeRequested, annotations.resumeRequestedAt),
    takesMs: minute,
  },
  {
    name: 'suspend by command',
    before: awakeSpec,
    act: (world) => command(world, annotations.suspendRequested, annotations.suspendRequestedAt),
    takesMs: minute,
  },
  { name: 'suspend by spec', before: awakeSpec, act: (world) => edit(world, { suspended: true }), takesMs: minute },
  { name: 'sleep when idle', before: { ...awakeSpec, autoSuspendAfter: '2m' }, act: () => Promise.resolve(), takesMs: 5 * minute },
  { name: 'more workers', before: awakeSpec, act: (world) => edit(world, { workers: 3 }), takesMs: minute },
  { name: 'fewer workers', before: awakeSpec, act: (world) => edit(world, { workers: 1 }), takesMs: minute },
  { name: 'another size', before: awakeSpec, act: (world) => edit(world, { size: 'm' }), takesMs: 2 * minute },
  { name: 'new image', before: awakeSpec, act: (world) => edit(world, { image: 'trinodb/trino:483-patched' }), takesMs: 2 * minute },
  {
    name: 'new image while asleep',
    before: { ...awakeSpec, suspended: true },
    act: (world) => edit(world, { image: 'trinodb/trino:483-patched' }),
    takesMs: minute,
  },
  { name: 'catalog change', before: awakeSpec, act: (world) => createCatalog(world, { 'tpch.splits-per-node': '4' }), takesMs: 2 * minute },
  { name: 'delete', before: awakeSpec, act: (world) => world.api.remove(xtrinodes, key), takesMs: 12 * minute },
];

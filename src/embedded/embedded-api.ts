// The embedded API: an in-process Kubernetes API server behind KubeApi, durable in one file, and on request served over
// loopback HTTPS. This file puts the parts together; it must not know what the objects mean.
import type { Clock } from '#core/clock.ts';
import type { KubeObject } from '#core/objects.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import { namespaces as namespaceResource } from '#kube/resources.ts';
import { AdmissionTable } from './admission.ts';
import type { Admission } from './admission.ts';
import { loadCel, mentionsRules } from './cel.ts';
import type { CelEngine, CompiledRules } from './cel.ts';
import { startControllers } from './controllers/start.ts';
import { typeOfDefinition } from './custom-resources.ts';
import { inProcessApi } from './in-process-api.ts';
import type { ListenOptions, Listening } from './listening.ts';
import { openPersistence } from './persistence.ts';
import { createReadPath } from './read-path.ts';
import { Registry, typeId } from './registry.ts';
import type { Served } from './registry.ts';
import { Store } from './store.ts';
import type { LogFunction, LogReader, ServerParts } from './server-parts.ts';
import { createWritePath } from './write-path.ts';

export interface EmbeddedApiOptions {
  /** SQLite file, or ':memory:' to forget everything at stop. */
  readonly file: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newUid: () => string;
  readonly log?: LogFunction;
  /** Changes over which a watch can go back, and a list be continued. */
  readonly historyCapacity?: number;
}

export interface EmbeddedApi {
  readonly api: KubeApi;
  registerAdmission(of: Pick<Resource, 'group' | 'kind'>, admission: Admission): void;
  /** Logs of containers are read by the process node. */
  setLogReader(reader: LogReader): void;
  /** Deployments, scheduler, garbage collection, namespaces, events' time to live. */
  startControllers(): void;
  listen(options: ListenOptions): Promise<Listening>;
  stop(): Promise<void>;
}

const FIRST_NAMESPACES = ['default', 'kube-system', 'kube-node-lease'];
const CRD_TYPE_ID = 'apiextensions.k8s.io/customresourcedefinitions';

/** Throws KubeError 500 when the file cannot be opened or another process has it. */
export async function createEmbeddedApi(options: EmbeddedApiOptions): Promise<EmbeddedApi> {
  const { clock, random, newUid } = options;
  const log: LogFunction = options.log ?? (() => undefined);
  const store = new Store(await openPersistence(options.file), options.historyCapacity);
  const registry = new Registry();
  const admission = new AdmissionTable();
  const reads = createReadPath(store, clock);
  const compiled = new Map<string, ReadonlyMap<string, CompiledRules>>();
  let engine: CelEngine | undefined;
  const prepare = async (body: unknown): Promise<void> => {
    if (engine === undefined && mentionsRules(body)) {
      engine = await loadCel();
    }
  };
  const rulesOf = ({ type, version }: Served): CompiledRules | undefined => compiled.get(typeId(type))?.get(version.name);
  const writes = createWritePath({ store, reads, clock, random, newUid, admission, rules: { rulesOf, celEngine: () => engine } });

  const serveDefinition = (definition: KubeObject): void => {
    const { type, rules } = typeOfDefinition(definition, engine);
    registry.add(type);
    compiled.set(typeId(type), rules);
  };
  for (const definition of store.values(CRD_TYPE_ID)) {
    await prepare(definition);
    serveDefinition(definition);
  }
  store.subscribe((change) => {
    if (change.typeId !== CRD_TYPE_ID) {
      return;
    }
    if (change.isDeletion) {
      const { type } = typeOfDefinition(change.object, undefined);
      registry.remove(typeId(type));
      compiled.delete(typeId(type));
    } else if (change.previous === undefined || change.previous.metadata.generation !== change.object.metadata.generation) {
      serveDefinition(change.object);
    }
  });

  const served = registry.resolve(namespaceResource);
  const context = { fieldManager: 'embedded-api', isDryRun: false, fieldValidation: 'Ignore', warn: () => undefined } as const;
  for (const name of FIRST_NAMESPACES) {
    if (reads.find(served, undefined, name) === undefined) {
      writes.create(served, undefined, { metadata: { name } }, context);
    }
  }

  const stopping = new AbortController();
  let logReader: LogReader | undefined;
  const parts: ServerParts = {
    store,
    registry,
    reads,
    writes,
    admission,
    clock,
    log,
    stopSignal: stopping.signal,
    logReader: () => logReader,
    prepare,
  };
  const api = inProcessApi(parts);
  const stops: (() => void | Promise<void>)[] = [];
  return {
    api,
    registerAdmission: (of, one) => admission.register(of, one),
    setLogReader(reader) {
      logReader = reader;
    },
    startControllers() {
      stops.push(startControllers({ ...parts, api, random }));
    },
    async listen(listenOptions) {
      const { listen } = await import('./listening.ts');
      const listening = await listen(parts, listenOptions);
      stops.push(() => listening.close());
      return listening;
    },
    async stop() {
      stopping.abort();
      for (const stop of stops.toReversed()) {
        await stop();
      }
      store.close();
    },
  };
}

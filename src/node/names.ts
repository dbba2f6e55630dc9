// Service names for the processes of one namespace: a file `name address...` that the resolver in Trino's launcher reads
// again whenever it changes. Follows the Services and Pods of the namespaces in which this node runs Pods.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { Pod, Service } from '#core/objects.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import { addressesOf, type NameStores } from '#kube/names.ts';
import type { KubeApi } from '#kube/port.ts';
import { pods, services } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';

export interface ServiceNames {
  /** Starts to follow the namespace; fulfilled with the file's path when the file is true. */
  use(namespace: string): Promise<string>;
  stop(): void;
}

export interface ServiceNamesInit {
  readonly api: KubeApi;
  readonly directory: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface NameStoresOfNamespace extends NameStores {
  readonly services: Pick<ReadStore<Service>, 'get' | 'list'>;
}

/**
 * The text of the file: each Service under its four names. A Service without addresses has a line too, so that asking for it
 * fails at once instead of being sent to the system's resolver. Pure.
 */
export function formatNames(stores: NameStoresOfNamespace): string {
  const lines: string[] = [];
  for (const service of stores.services.list()) {
    const { name, namespace = '' } = service.metadata;
    if (service.spec.selector === undefined) continue;
    const addresses = addressesOf({ namespace, name }, stores);
    for (const alias of [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]) {
      lines.push(`${[alias, ...addresses].join(' ')}\n`);
    }
  }
  return lines.toSorted().join('');
}

interface Followed {
  readonly file: Promise<string>;
  readonly stop: () => void;
}

export function createServiceNames(init: ServiceNamesInit): ServiceNames {
  const followed = new Map<string, Followed>();
  mkdirSync(init.directory, { recursive: true });

  function follow(namespace: string): Followed {
    const { api, clock, random, log } = init;
    const where = { namespace };
    const common = { api, where, clock, random, log } as const;
    const serviceCache = createReflector<Service>({ ...common, resource: services });
    const podCache = createReflector<Pod>({ ...common, resource: pods });
    const file = join(init.directory, `${namespace}.names`);
    let written: string | undefined;

    const write = (): void => {
      const text = formatNames({ services: serviceCache.store, pods: podCache.store });
      if (text === written) return;
      // by rename: a reader sees the old or the new text, never half of one
      writeFileSync(`${file}.next`, text);
      renameSync(`${file}.next`, file);
      written = text;
    };
    const ready = async (): Promise<string> => {
      await Promise.all([serviceCache.synced, podCache.synced]);
      write();
      serviceCache.store.subscribe(write);
      podCache.store.subscribe(write);
      return file;
    };
    serviceCache.start();
    podCache.start();
    return {
      file: ready(),
      stop: () => {
        serviceCache.stop();
        podCache.stop();
      },
    };
  }

  return {
    use(namespace) {
      let entry = followed.get(namespace);
      if (entry === undefined) {
        entry = follow(namespace);
        entry.file.catch(() => undefined); // whoever asked hears of it
        followed.set(namespace, entry);
      }
      return entry.file;
    },
    stop() {
      for (const entry of followed.values()) entry.stop();
      followed.clear();
    },
  };
}

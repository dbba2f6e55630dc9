// The table of resources this API serves: the built-in kinds, and those that CustomResourceDefinitions add while running.
// Everything that differs between kinds and is not behaviour is a row here.
import type { Resource } from '#kube/port.ts';
import * as builtInResources from '#kube/resources.ts';
import { NO_SUCH_PATH, noSuchResource } from './refusals.ts';
import type { JsonSchema } from './schema.ts';

export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** Member that holds the selector as a string; Deployments keep an object there. */
  readonly selector?: readonly string[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown, more only with -o wide. */
  readonly priority?: number;
  readonly jsonPath: string;
}

export interface ServedVersion {
  readonly name: string;
  readonly schema?: JsonSchema;
  readonly printerColumns: readonly PrinterColumn[];
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths;
  /** Of custom resources: dotted paths that a field selector may name. */
  readonly selectableFields?: readonly string[];
  readonly deprecationWarning?: string;
}

export interface ResourceType {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isCustom: boolean;
  readonly hasGeneration: boolean;
  /** Replacing an object that is not there makes it. */
  readonly isMadeByReplace: boolean;
  /** All of a collection may be deleted by one request. */
  readonly isDeletedTogether: boolean;
  /** Served versions, preferred first. */
  readonly versions: readonly ServedVersion[];
  readonly storageVersion: string;
}

/** A resource in the version somebody asked for. */
export interface Served {
  readonly type: ResourceType;
  readonly version: ServedVersion;
}

export function typeId({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return `${group}/${plural}`;
}

export function apiVersionIn(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

interface BuiltInTraits {
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly hasStatus?: boolean;
  readonly hasGeneration?: boolean;
  readonly isMadeByReplace?: boolean;
  readonly scale?: ScalePaths;
}

const TRAITS: Readonly<Record<string, BuiltInTraits>> = {
  Namespace: { shortNames: ['ns'], hasStatus: true },
  Node: { shortNames: ['no'], hasStatus: true },
  ConfigMap: { shortNames: ['cm'] },
  Service: { shortNames: ['svc'], categories: ['all'], hasStatus: true, isMadeByReplace: true },
  ServiceAccount: { shortNames: ['sa'] },
  Pod: { shortNames: ['po'], categories: ['all'], hasStatus: true, hasGeneration: true },
  Event: { shortNames: ['ev'], isMadeByReplace: true },
  Lease: { isMadeByReplace: true },
  Deployment: {
    shortNames: ['deploy'],
    categories: ['all'],
    hasStatus: true,
    hasGeneration: true,
    scale: { specReplicas: ['spec', 'replicas'], statusReplicas: ['status', 'replicas'] },
  },
  PodDisruptionBudget: { shortNames: ['pdb'], hasStatus: true, hasGeneration: true },
  NetworkPolicy: { shortNames: ['netpol'], hasGeneration: true },
  HorizontalPodAutoscaler: { shortNames: ['hpa'], categories: ['all'], hasStatus: true },
  Ingress: { shortNames: ['ing'], hasStatus: true, hasGeneration: true },
  CustomResourceDefinition: { shortNames: ['crd', 'crds'], categories: ['api-extensions'], hasStatus: true, hasGeneration: true },
};

/** Which resources exist; CRDs add and remove rows. One per embedded API. */
export class Registry {
  readonly #types = new Map<string, ResourceType>();

  constructor() {
    for (const resource of Object.values(builtInResources)) {
      if (typeof resource === 'object') {
        this.add(builtInType(resource));
      }
    }
  }

  add(type: ResourceType): void {
    this.#types.set(typeId(type), type);
  }

  remove(id: string): void {
    this.#types.delete(id);
  }

  byId(id: string): ResourceType | undefined {
    return this.#types.get(id);
  }

  all(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  /** The row and version of a resource. Throws 404 when it is not served. */
  resolve({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>): Served {
    const type = this.#types.get(typeId({ group, plural }));
    const served = type?.versions.find(({ name }) => name === version);
    if (type === undefined || served === undefined) {
      // a group of custom resources has no handler of its own for what it does not serve
      const isBuiltIn = this.all().some((one) => !one.isCustom && one.group === group && one.versions.some(({ name }) => name === version));
      throw isBuiltIn ? noSuchResource() : NO_SUCH_PATH;
    }
    return { type, version: served };
  }

  byKind(group: string, kind: string): ResourceType | undefined {
    return this.all().find((type) => type.group === group && type.kind === kind);
  }

  /** Group and its versions, the core group first, in the order of registration. */
  groups(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, string[]>();
    for (const type of this.#types.values()) {
      const versions = groups.get(type.group) ?? [];
      for (const { name } of type.versions) {
        if (!versions.includes(name)) {
          versions.push(name);
        }
      }
      groups.set(type.group, versions);
    }
    return groups;
  }
}

function builtInType(resource: Resource): ResourceType {
  const traits = TRAITS[resource.kind] ?? {};
  return {
    group: resource.group,
    plural: resource.plural,
    singular: resource.kind.toLowerCase(),
    kind: resource.kind,
    listKind: `${resource.kind}List`,
    namespaced: resource.namespaced,
    shortNames: traits.shortNames ?? [],
    categories: traits.categories ?? [],
    isCustom: false,
    hasGeneration: traits.hasGeneration ?? false,
    isMadeByReplace: traits.isMadeByReplace ?? false,
    isDeletedTogether: resource.kind !== 'Namespace',
    storageVersion: resource.version,
    versions: [
      {
        name: resource.version,
        printerColumns: [],
        hasStatus: traits.hasStatus ?? false,
        ...(traits.scale === undefined ? {} : { scale: traits.scale }),
      },
    ],
  };
}

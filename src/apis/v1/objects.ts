// The two kinds as wire objects. Types only: importing this costs nothing at run time.
import type { KubeObject } from '#core/objects.ts';
import type { XTrinodeSpec } from './xtrinode.ts';
import type { XTrinodeStatus } from './xtrinode.status.ts';
import type { XTrinodeCatalogStatus } from './catalog.ts';

export type { XTrinodeSpec, XTrinodeStatus, XTrinodeCatalogStatus };

/** As read from the API server, which has filled in the defaults of the CRD. */
export interface XTrinode extends KubeObject {
  readonly spec: XTrinodeSpec;
  readonly status?: XTrinodeStatus;
}

export interface ConnectorFields {
  readonly properties?: Readonly<Record<string, string>>;
  readonly propertySecretRefs?: Readonly<Record<string, { readonly name: string; readonly key: string; readonly optional?: boolean }>>;
  readonly [field: string]: unknown;
}

export interface XTrinodeCatalog extends KubeObject {
  readonly spec: {
    readonly connector: Readonly<Record<string, ConnectorFields>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: XTrinodeCatalogStatus;
}

export type Lifecycle = NonNullable<XTrinodeStatus['lifecycle']>;
export type RetiringCoordinator = NonNullable<XTrinodeStatus['retiring']>[number];
export type ProvenCoordinator = NonNullable<XTrinodeStatus['coordinator']>;

// What steps may ask for, as data; execute.ts is the only one who does it. Pure.
import type { ConfigMap, Deployment, KubeObject, Service } from '#core/objects.ts';
import type { Judgement } from '#apis/v1/conditions.ts';

export type OwnedObject = ConfigMap | Deployment | Service | KubeObject;

export type Action =
  /** Server-side apply, skipped when nothing would change. */
  | { readonly do: 'apply'; readonly object: OwnedObject }
  | { readonly do: 'delete'; readonly object: OwnedObject }
  /** The generated shared secret: made when absent, never changed. */
  | { readonly do: 'ensure-secrets' }
  | { readonly do: 'publish-route'; readonly key: string; readonly entry: string }
  | { readonly do: 'remove-annotations'; readonly names: readonly string[] }
  | { readonly do: 'add-finalizer' }
  | { readonly do: 'remove-finalizer' }
  | { readonly do: 'event'; readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };

export interface StepResult {
  readonly actions: readonly Action[];
  readonly judgement?: Judgement;
  /** Look again after this long, in ms, if nothing else happens. */
  readonly againInMs?: number;
}

/** The shorter of two waits; undefined means none. */
export function sooner(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

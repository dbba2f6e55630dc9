// What the samples of both kinds are made of: an object, and the exact words in which it is refused, if it is.
import type { KubeObject } from '#core/objects.ts';
import { apiVersion } from '#apis/v1/resources.ts';

export interface Refusal {
  readonly field: string;
  readonly message: string;
}

export interface Sample {
  /** Completes "an XTrinode with ...". */
  readonly about: string;
  readonly object: KubeObject;
  /** None: it is accepted. In any order. */
  readonly refusals: readonly Refusal[];
  /** Who refuses it: the CRD alone, or only what a CRD cannot say. */
  readonly by: 'definition' | 'admission';
}

export type Members = Readonly<Record<string, unknown>>;
/** Messages by field. */
export type Refusals = Readonly<Record<string, string>>;

interface SampleInit {
  readonly kind: string;
  readonly about: string;
  readonly spec: Members;
  readonly refusals?: Refusals;
  readonly name?: string;
  readonly by?: Sample['by'];
}

export function aSample({ kind, about, spec, refusals = {}, name = 'sample', by = 'definition' }: SampleInit): Sample {
  const object = { apiVersion, kind, metadata: { name, namespace: 'default' }, spec } as KubeObject;
  return { about, object, by, refusals: Object.entries(refusals).map(([field, message]) => ({ field, message })) };
}

export const dataSizeWords = 'must be a Trino data size, such as 512MB or 4GB: a number and B, kB, MB, GB, TB or PB';

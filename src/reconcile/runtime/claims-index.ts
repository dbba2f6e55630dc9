// Route claims of all runtimes, resolved anew only when a claim came or went, and who is concerned by that. Shell round resolveClaims.
import { isEqual } from '#core/equality.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { RuntimeReader } from '#apis/v1/read-objects.ts';
import type { ReadStore } from '#kube/cache/store.ts';
import { resolveClaims, type RouteClaims } from './claims.ts';

export interface ClaimsIndex {
  /** Undefined for a runtime that is not there or is going away. */
  of(key: string): RouteClaims | undefined;
  stop(): void;
}

function claimPart(runtime: XTrinode | undefined): readonly unknown[] {
  const isThere = runtime !== undefined && runtime.metadata.deletionTimestamp === undefined;
  return [isThere, runtime?.metadata.uid, runtime?.spec.routing];
}

export interface ClaimsIndexInit {
  readonly runtimes: ReadStore<XTrinode>;
  readonly read: RuntimeReader;
  /** Hears the `namespace/name` of every runtime whose claims are others than before. */
  readonly onChange: (key: string) => void;
}

export function createClaimsIndex({ runtimes, read, onChange }: ClaimsIndexInit): ClaimsIndex {
  let claims: ReadonlyMap<string, RouteClaims> = new Map();
  let isCurrent = false;
  const end = runtimes.subscribe(({ before, after }) => {
    const [was, is] = [before, after].map((object) => claimPart(object === undefined ? undefined : read(object).runtime));
    if (!isEqual(was, is)) isCurrent = false;
  });

  function resolve(): void {
    const before = claims;
    const present = runtimes.list().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    claims = resolveClaims(present.map((object) => read(object).runtime));
    isCurrent = true;
    for (const [key, claim] of claims) if (before.has(key) && !isEqual(before.get(key), claim)) onChange(key);
  }

  return {
    of(key) {
      if (!isCurrent) resolve();
      return claims.get(key);
    },
    stop: end,
  };
}

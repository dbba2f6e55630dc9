// Everything the steps of one pass may look at; taken once, frozen, never re-read while deciding. Types only.
import type { EpochMs } from '#core/clock.ts';
import type { ConfigMap, Deployment, KubeObject, Lease, Pod, Service } from '#core/objects.ts';
import type { XTrinode, XTrinodeCatalog } from '#apis/v1/objects.ts';
import type { FieldProblem } from '#apis/v1/xtrinode.rules.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { RouteClaims } from './runtime/claims.ts';

/** What a coordinator said of its work. */
export interface Activity {
  /** Queries that have not ended, ours left out. */
  readonly activeQueries: number;
  /** Transactions that somebody began and has not ended; Trino itself ends one that is idle for 5 minutes. */
  readonly openTransactions: number;
  /** End of the newest ended query, ours left out. */
  readonly lastEndedAt: EpochMs | undefined;
}

/** What the prober knows of one start of one coordinator process. */
export interface CoordinatorProof {
  /** Pod uid and restart count. */
  readonly instance: string;
  readonly url: string;
  readonly coordinatorId: string | undefined;
  readonly provenAt: EpochMs;
}

/** What a gateway has told of itself (apis/v1/route-reader.ts). */
export interface GatewayWord {
  readonly name: string;
  /** Whether it has taken note that the runtime takes no new queries. */
  readonly refuses: boolean;
  /** Unless it is heard again. */
  readonly endsAt: EpochMs;
}

/** An object that bears one of our names but belongs to somebody else. */
export interface ForeignObject {
  /** `Kind name`. */
  readonly object: string;
  /** Whether it belonged to a former runtime of this name, and goes with it. */
  readonly isLeaving: boolean;
}

export interface RuntimeSnapshot {
  /** Safe to act on: with problems its spec is a stand-in, see readRuntime. */
  readonly runtime: XTrinode;
  /** What keeps the spec that was written from being acted on. */
  readonly specProblems: readonly FieldProblem[];
  /** All catalogs of the namespace. */
  readonly catalogs: readonly XTrinodeCatalog[];
  /** Objects that carry our labels and are owned by this runtime. */
  readonly owned: {
    readonly deployments: readonly Deployment[];
    readonly configMaps: readonly ConfigMap[];
    readonly services: readonly Service[];
    readonly serviceAccounts: readonly KubeObject[];
  };
  readonly foreign: ForeignObject | undefined;
  readonly pods: readonly Pod[];
  readonly demand: Lease | undefined;
  readonly claims: RouteClaims;
  /** Entry text as published now, in the shard where it belongs. */
  readonly publishedRoute: string | undefined;
  /** The same, where it can be read, or what stands in another shard. */
  readonly publishedEntry: RouteEntry | undefined;
  /** Since when the published route has refused new queries, as far as this operator process has seen. */
  readonly refusingSince: EpochMs | undefined;
  /** What gateways have said; one that does not say anything is not here. */
  readonly gateways: readonly GatewayWord[];
  readonly proof: CoordinatorProof | undefined;
  /** Read in this pass when it was due; 'unreachable' when the coordinator did not answer. */
  readonly activity: Activity | 'unreachable' | undefined;
  /** The same of the coordinators in status.retiring, by revision; read in every pass that has any. */
  readonly retiringActivity: ReadonlyMap<string, Activity | 'unreachable'>;
  readonly nowMs: EpochMs;
}

// What a gateway counts of its work: plain numbers that only grow, read when somebody scrapes them. Each replica counts its own, a
// statement once where it came in and once where it ended, so that sums over replicas are true. No user, query or path is a key:
// what is counted by runtime goes with the runtime.
import type { TrinoErrorName } from '#trino/protocol/synthetic-page.ts';
import { Distribution } from '#observe/distribution.ts';
import type { RequestKind } from '../classify.ts';
import type { GatewayProblem } from '../problems.ts';

export type Kind = RequestKind['kind'];

/** By the first digit of the status; 'none' when the client, or the coordinator in the middle, went before there was a whole answer. */
export const statusClasses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Of one runtime; all but the last of its statements. */
export interface RuntimeCounts {
  admitted: number;
  /** Got a page of ours: its coordinator did not take it at once. */
  held: number;
  handedOver: number;
  canceled: number;
  /** Nobody asked for it any more. */
  abandoned: number;
  /** Its coordinator wanted other credentials or another request; it may come again. */
  refused: number;
  failed: Map<TrinoErrorName, number>;
  /** How often its coordinator was found not to answer. */
  ejections: number;
}

function nothing(): RuntimeCounts {
  return { admitted: 0, held: 0, handedOver: 0, canceled: 0, abandoned: 0, refused: 0, failed: new Map(), ejections: 0 };
}

function add<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export class GatewayCounts {
  /** By class of status, in the order of `statusClasses`. */
  readonly requests = new Map<Kind, number[]>();
  /** Statements that never came to wait, by why. */
  readonly refusals = new Map<GatewayProblem['code'], number>();
  readonly wishes = { taken: 0, failed: 0 };
  readonly upstream = { refused: 0, broken: 0, silent: 0, retries: 0 };
  queriesLost = 0;
  /** From the POST to the hand-over. */
  readonly waits = new Distribution([0.05, 0.25, 1, 5, 10, 20, 40, 60, 120, 300, 600]);
  /** The hand-over itself. */
  readonly handOvers = new Distribution([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 20]);
  readonly #byRuntime = new Map<string, RuntimeCounts>();

  /** `status` is 0 where there was no whole answer. */
  finished(kind: Kind, status: number): void {
    let counts = this.requests.get(kind);
    if (counts === undefined) this.requests.set(kind, (counts = statusClasses.map(() => 0)));
    const index = Math.min(Math.floor(status / 100), statusClasses.length - 1);
    counts[index] = (counts[index] ?? 0) + 1;
  }

  refused(code: GatewayProblem['code']): void {
    add(this.refusals, code);
  }

  of(runtime: string): RuntimeCounts {
    let counts = this.#byRuntime.get(runtime);
    if (counts === undefined) this.#byRuntime.set(runtime, (counts = nothing()));
    return counts;
  }

  failed(runtime: string, name: TrinoErrorName): void {
    add(this.of(runtime).failed, name);
  }

  handedOver(runtime: string, waitedMs: number, tookMs: number): void {
    this.of(runtime).handedOver += 1;
    this.waits.add(waitedMs / 1_000);
    this.handOvers.add(tookMs / 1_000);
  }

  /** `isThere` says what is still in the route table. */
  retain(isThere: (runtime: string) => boolean): void {
    for (const runtime of this.#byRuntime.keys()) if (!isThere(runtime)) this.#byRuntime.delete(runtime);
  }

  /** Only of runtimes that had a statement. */
  get byRuntime(): ReadonlyMap<string, Readonly<RuntimeCounts>> {
    return this.#byRuntime;
  }
}

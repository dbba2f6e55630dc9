// Coordinators on a pretending node: they answer a while after their Pod runs, and say which queries the test gave them. In place
// of the operator's HTTP client.
import type { Clock } from '#core/clock.ts';
import type { Coordinators } from '#reconcile/runtime/trino-client.ts';
import type { PretendNode } from './pretend-node.ts';

export interface PretendCoordinators extends Coordinators {
  /** Queries that run on every coordinator. */
  activeQueries: number;
  /** Statements that the operator ran to their rows. */
  readonly proofs: number;
}

/** From Running to the first statement that gives rows. */
const answersAfterMs = 2_000;

export function createPretendCoordinators(node: PretendNode, clock: Clock): PretendCoordinators {
  const ids = new Map<string, string>();
  let proofs = 0;

  function isAnswering(url: string): boolean {
    const since = node.runningSince(new URL(url).hostname);
    return since !== undefined && clock.now() - since >= answersAfterMs;
  }

  function idOf(url: string): string {
    const id = ids.get(url) ?? `c${String(ids.size).padStart(4, '0')}`;
    ids.set(url, id);
    return id;
  }

  const refused = (): Error => Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
  return {
    activeQueries: 0,
    get proofs() {
      return proofs;
    },
    async runStatement(url) {
      if (!isAnswering(url)) throw refused();
      proofs += 1;
      return `20260101_000000_00000_${idOf(url)}`;
    },
    async readActivity(url) {
      if (!isAnswering(url)) throw refused();
      return { activeQueries: this.activeQueries, openTransactions: 0, lastEndedAt: undefined };
    },
  };
}

// A gateway's part of the places of a runtime, of which all gateways know how many queries each of them runs. Pure.

export interface GatewayRunning {
  readonly gateway: string;
  /** By runtime; absent is none. */
  readonly running: Readonly<Record<string, number>>;
}

export interface ShareInput {
  readonly maxRunning: number;
  readonly runtime: string;
  /** Of those that live, without this one. */
  readonly others: readonly GatewayRunning[];
}

/**
 * As many as every other one has, less what runs at others beyond their part, which is theirs until it ends. One at least, so that
 * nobody starves whose balancer leads here: the bound is exceeded by one query per gateway at most.
 */
export function shareOf({ maxRunning, runtime, others }: ShareInput): number {
  const part = Math.floor(maxRunning / (others.length + 1));
  const theirs = others.reduce((sum, { running }) => sum + Math.max(part, running[runtime] ?? 0), 0);
  return Math.max(1, others.length === 0 ? maxRunning : Math.min(part, maxRunning - theirs));
}

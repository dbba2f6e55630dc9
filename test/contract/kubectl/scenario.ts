// The table of the kubectl replay: what a user types, step by step, and what the embedded API promises of each. A scenario has a
// namespace of its own, with the same name on both servers, which all its commands use.

export interface Step {
  /** Arguments of kubectl, split at spaces but within single quotes. */
  readonly kubectl: string;
  /** For `-f -`. */
  readonly stdin?: string;
  /** For `kubectl edit`: a sed script without spaces. */
  readonly edit?: string;
  /** A command that never ends by itself is ended after it has printed so many lines. */
  readonly lines?: number;
  /** Another command, begun when this one has printed its first line; after a watch has begun it makes an event. */
  readonly meanwhile?: string;
  /** Absent: the same print and the same exit code. */
  readonly embedded?: LeavesOut | Refuses | Alone;
}

/** Every line of the embedded API is one of the real one, in the same order; the exit code is the same. */
export interface LeavesOut {
  readonly leavesOut: string;
}

/** The embedded API does not do this, and this is all that is printed then. */
export interface Refuses {
  readonly refuses: string;
}

/** The real cluster of this test cannot do it; what is printed on the embedded API. */
export interface Alone {
  readonly realCannot: string;
  readonly prints: string;
}

export interface Scenario {
  readonly name: string;
  readonly namespace: string;
  readonly steps: readonly Step[];
}

/** The same print and exit code on both. */
export function same(kubectl: string, more: Omit<Step, 'kubectl' | 'embedded'> = {}): Step {
  return { kubectl, ...more };
}

export function leavesOut(what: string, kubectl: string, more: Omit<Step, 'kubectl' | 'embedded'> = {}): Step {
  return { kubectl, ...more, embedded: { leavesOut: what } };
}

export function refuses(kubectl: string, line: string, more: Omit<Step, 'kubectl' | 'embedded'> = {}): Step {
  return { kubectl, ...more, embedded: { refuses: line } };
}

export function alone(why: string, kubectl: string, prints: string): Step {
  return { kubectl, embedded: { realCannot: why, prints } };
}

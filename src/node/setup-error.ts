// What the person at the keyboard can put right: a missing JDK, no Maven, a full disk. One class, so that the command line
// prints all of them in the same three parts. It must not carry stack traces of ours to the screen.

export interface SetupProblem {
  /** What could not be done, e.g. `Trino 483 cannot be installed`. */
  readonly what: string;
  /** Why, with the facts that were found. */
  readonly why: string;
  /** What the reader can do about it, as a command where there is one. */
  readonly mend: string;
  readonly cause?: unknown;
}

export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly what: string;
  readonly why: string;
  readonly mend: string;

  constructor(problem: SetupProblem) {
    super(`${problem.what}: ${problem.why} ${problem.mend}`, problem.cause === undefined ? undefined : { cause: problem.cause });
    this.what = problem.what;
    this.why = problem.why;
    this.mend = problem.mend;
  }
}

// A request of a client that is kept open until something about its held statement changes. One object with everything in it: thousands
// wait, and what each of them keeps is copied and looked through with all garbage, in everybody's time.
import type { Cancellation } from '../http/departure.ts';
import type { Timed } from './deadlines.ts';
import type { HeldStatement } from './held-statement.ts';

/** Whom it tells that it has to look again. */
export interface WaitingRoom {
  told(request: WaitingRequest): void;
}

export abstract class WaitingRequest implements Timed {
  readonly held: HeldStatement;
  /** Of its client. */
  readonly gone: Cancellation;
  readonly #room: WaitingRoom;
  /** Another one of the same statement. */
  next: WaitingRequest | undefined = undefined;
  slot = 0;

  constructor(held: HeldStatement, gone: Cancellation, room: WaitingRoom) {
    this.held = held;
    this.gone = gone;
    this.#room = room;
  }

  /** Something has changed, its time is over or its client has gone. Throws nothing. */
  abstract look(): void;

  onDue(): void {
    this.#room.told(this);
  }

  /** The client has gone. */
  handleEvent(): void {
    this.#room.told(this);
  }
}

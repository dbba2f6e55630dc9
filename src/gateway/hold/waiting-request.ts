// A request of a client that is kept open until something about its held statement changes. One object with everything in it: thousands
// wait, and what each of them keeps is copied and looked through with all garbage, in everybody's time.
import type { Cancellation } from '../http/departure.ts';
import type { Timed } from './deadlines.ts';
import type { HeldStatement, OpenRequest } from './held-statement.ts';

/** Whom it tells that it has to look again. */
export interface WaitingRoom {
  told(request: OpenRequest): void;
}

export abstract class WaitingRequest implements OpenRequest {
  readonly held: HeldStatement;
  readonly gone: Cancellation;
  readonly #room: WaitingRoom;
  next: OpenRequest | undefined = undefined;
  isTold = false;
  slot = 0;
  earlier: Timed | undefined = undefined;
  later: Timed | undefined = undefined;

  constructor(held: HeldStatement, gone: Cancellation, room: WaitingRoom) {
    this.held = held;
    this.gone = gone;
    this.#room = room;
  }

  abstract look(): void;

  onDue(): void {
    this.#room.told(this);
  }

  handleEvent(): void {
    this.#room.told(this);
  }
}

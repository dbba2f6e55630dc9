// The connections to one coordinator: kept for the next request when one is over, bounded, first come first served when the bound is
// reached. Shell.
import { CoordinatorConnection } from './coordinator-connection.ts';

const maxConnections = 1_024;
/** More of them are closed when nobody uses them. */
const maxIdle = 64;

export type TakeConnection = (connection: CoordinatorConnection) => void;

export class ConnectionPool {
  readonly #host: string;
  readonly #port: number;
  /** The one that was used last is used next: the others grow old and end. */
  #idle: CoordinatorConnection[] = [];
  readonly #waiting: TakeConnection[] = [];
  #count = 0;
  #keepsIdle = true;

  /** `baseUrl`: http://address:port */
  constructor(baseUrl: string) {
    const { hostname, port } = new URL(baseUrl);
    this.#host = hostname.replaceAll(/[[\]]/g, '');
    this.#port = port === '' ? 80 : Number(port);
  }

  /** Gives a connection to `take`, at once unless too many are in use. `isFresh`: none that was used before. */
  take(isFresh: boolean, take: TakeConnection): void {
    const idle = isFresh ? undefined : this.#idle.pop();
    if (idle !== undefined) take(idle);
    else if (this.#count < maxConnections || isFresh) take(this.#connect());
    else this.#waiting.push(take);
  }

  get count(): number {
    return this.#count;
  }

  /** Who waits for a connection waits no longer. */
  forget(take: TakeConnection): void {
    const index = this.#waiting.indexOf(take);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** No connection is kept any more; requests that run run to their end. */
  retire(): void {
    this.#keepsIdle = false;
    this.endIdle();
  }

  /** Connections are opened anew. */
  endIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const connection of idle) connection.destroy();
  }

  #connect(): CoordinatorConnection {
    this.#count += 1;
    return new CoordinatorConnection({
      host: this.#host,
      port: this.#port,
      onIdle: (connection) => {
        const next = this.#waiting.shift();
        if (next !== undefined) next(connection);
        else if (this.#keepsIdle && this.#idle.length < maxIdle) this.#idle.push(connection);
        else connection.destroy();
      },
      onClosed: (connection) => {
        this.#count -= 1;
        const index = this.#idle.indexOf(connection);
        if (index >= 0) this.#idle.splice(index, 1);
        if (this.#count < maxConnections) this.#waiting.shift()?.(this.#connect());
      },
    });
  }
}

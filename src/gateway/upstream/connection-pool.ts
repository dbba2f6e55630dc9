// The connections to one coordinator: kept for the next request when one is over, bounded, first come first served when the bound is
// reached. Shell.
import type { SecureContext } from 'node:tls';
import { CoordinatorConnection } from './coordinator-connection.ts';
import type { CoordinatorTrust } from './coordinator-trust.ts';

const maxConnections = 1_024;
/** More of them are closed when nobody uses them. */
const maxIdle = 64;

/** Waits for a connection. */
export interface ConnectionTaker {
  take(connection: CoordinatorConnection): void;
}

export class ConnectionPool {
  /** As it stands in Host. */
  readonly authority: string;
  readonly #host: string;
  readonly #port: number;
  /** Undefined where its address is one of plain HTTP. */
  readonly #trust: CoordinatorTrust | undefined;
  /** The one that was used last is used next: the others grow old and end. */
  #idle: CoordinatorConnection[] = [];
  readonly #waiting: ConnectionTaker[] = [];
  #count = 0;
  #keepsIdle = true;

  /** `baseUrl`: http://address:port or https://address:port */
  constructor(baseUrl: string, trust: CoordinatorTrust) {
    const { protocol, hostname, port } = new URL(baseUrl);
    const isSecure = protocol === 'https:';
    this.#trust = isSecure ? trust : undefined;
    this.authority = baseUrl.slice(baseUrl.indexOf('//') + 2);
    this.#host = hostname.replaceAll(/[[\]]/g, '');
    this.#port = port === '' ? (isSecure ? 443 : 80) : Number(port);
  }

  /** One that is free, or a new one; undefined when too many are in use. `isFresh`: none that was used before. */
  take(isFresh: boolean): CoordinatorConnection | undefined {
    const secureContext = this.#trust?.current();
    const idle = isFresh ? undefined : this.#takeIdle(secureContext);
    return idle ?? (this.#count < maxConnections || isFresh ? this.#connect(secureContext) : undefined);
  }

  /** It is given the next one that is free. */
  waitFor(taker: ConnectionTaker): void {
    this.#waiting.push(taker);
  }

  get count(): number {
    return this.#count;
  }

  /** It waits for a connection no longer. */
  forget(taker: ConnectionTaker): void {
    const index = this.#waiting.indexOf(taker);
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

  /** Those that were opened with other authorities than today's are ended. */
  #takeIdle(secureContext: SecureContext | undefined): CoordinatorConnection | undefined {
    let idle = this.#idle.pop();
    while (idle !== undefined && idle.secureContext !== secureContext) {
      idle.destroy();
      idle = this.#idle.pop();
    }
    return idle;
  }

  #connect(secureContext: SecureContext | undefined): CoordinatorConnection {
    this.#count += 1;
    const connection = new CoordinatorConnection({
      host: this.#host,
      port: this.#port,
      secureContext,
      onIdle: () => {
        if (secureContext !== this.#trust?.current()) return connection.destroy();
        const next = this.#waiting.shift();
        if (next !== undefined) next.take(connection);
        else if (this.#keepsIdle && this.#idle.length < maxIdle) this.#idle.push(connection);
        else connection.destroy();
      },
      onClosed: () => {
        this.#count -= 1;
        const index = this.#idle.indexOf(connection);
        if (index >= 0) this.#idle.splice(index, 1);
        if (this.#count < maxConnections) this.#waiting.shift()?.take(this.#connect(this.#trust?.current()));
      },
    });
    return connection;
  }
}

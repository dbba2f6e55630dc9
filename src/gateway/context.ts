// One request as the handlers see it. Built once in the accept phase; handlers pass it on, and add to nothing but its notes.
import type { Identity } from './admit/identity.ts';
import type { ForwardedFor, HeaderPairs } from '#trino/protocol/headers.ts';
import type { FindSeenFrom } from './seen-from.ts';
import { prefixOf } from './routing/request-route.ts';
import type { ClientCertificate } from './http/client-certificate.ts';
import type { ClientExchange } from './http/client-exchange.ts';
import type { GatewayProblem } from './problems.ts';
import { Notes } from './records/notes.ts';

/** What the phase "admit" made of a request. */
export interface Admission {
  /** Without those that were for the gateway alone. */
  readonly headers: HeaderPairs;
  /** Set where the gateway authenticates and what is asked needs it. */
  readonly identity?: Identity;
  /** A statement that must not run: told on a page, which only its handler can make. */
  readonly refusal?: GatewayProblem;
}

/** A class, since a getter of a plain object gives each object a hidden class of its own, which costs more than all the rest. */
export class RequestContext {
  /** Reads the body of the request, writes the answer. */
  readonly exchange: ClientExchange;
  readonly method: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly headers: HeaderPairs;
  readonly identity: Identity | undefined;
  readonly refusal: GatewayProblem | undefined;
  readonly notes: Notes;
  #path: string;
  readonly #prefix: string;
  readonly #seenFrom: FindSeenFrom;
  #forwarded: ForwardedFor | undefined;
  #gone: AbortSignal | undefined;

  constructor(exchange: ClientExchange, seenFrom: FindSeenFrom, admission: Admission = exchange.head, notes = new Notes()) {
    const { method, target } = exchange.head;
    const { headers, identity, refusal } = admission;
    const cut = target.indexOf('?');
    this.exchange = exchange;
    this.method = method;
    const whole = cut < 0 ? target : target.slice(0, cut);
    const prefix = prefixOf(whole);
    this.#path = prefix === '' ? whole : whole.slice(prefix.length) || '/';
    this.search = cut < 0 ? '' : target.slice(cut);
    this.headers = headers;
    this.identity = identity;
    this.refusal = refusal;
    this.notes = notes;
    this.#prefix = prefix;
    this.#seenFrom = seenFrom;
  }

  /** Without the prefix of prefix mode. */
  get path(): string {
    return this.#path;
  }

  /** What it asks for is found: neither it nor its exchange keeps the address any more. */
  forgetAddress(): void {
    this.#path = '';
    this.exchange.head.target = '';
  }

  /** The same request as the phase "admit" leaves it. */
  admitted(admission: Admission): RequestContext {
    this.notes.user = admission.identity?.name;
    return new RequestContext(this.exchange, this.#seenFrom, admission, this.notes);
  }

  /** Found out when somebody asks for it: a request that is held needs none of it. */
  get forwarded(): ForwardedFor {
    this.#forwarded ??= { ...this.#seenFrom(this.exchange), prefix: this.#prefix };
    return this.#forwarded;
  }

  /** http://localhost:8080 as the client wrote it, with the prefix: what addresses of our own pages begin with. */
  get origin(): string {
    const { protocol, host, prefix } = this.forwarded;
    return `${protocol}://${host}${prefix}`;
  }

  /** Read when somebody asks for it. */
  get certificate(): ClientCertificate | undefined {
    return this.exchange.clientCertificate;
  }

  /** Aborted when the client goes before the answer is complete. Made when somebody asks for it. */
  get gone(): AbortSignal {
    this.#gone ??= this.exchange.toSignal();
    return this.#gone;
  }
}

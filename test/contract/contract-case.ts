// One promise of a Kubernetes API as a test: the same steps on every server. What a case may use, and whether the embedded API
// promises it (design decision 14 lists what it leaves out: rights, CEL costs, EndpointSlices, Helm's needs).
import type { KubeApi } from '#kube/port.ts';

/** A plain HTTP request; what KubeApi has no word for: tables, discovery, raw options. */
export interface RawRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Texts of Warning headers. */
  readonly warnings: readonly string[];
}

export type Ask = (request: RawRequest) => Promise<RawAnswer>;

export interface ContractContext {
  readonly api: KubeApi;
  /** A new one for each case. */
  readonly namespace: string;
  /** As ContractServer has it. */
  readonly forget: () => Promise<void>;
}

export interface HttpContext extends ContractContext {
  readonly ask: Ask;
}

export interface ContractCase {
  readonly name: string;
  /** Not there for an API in process. */
  readonly needs?: 'http';
  /** What the embedded API leaves out; such a case says in `refusal` how it tells. */
  readonly notEmbedded?: string;
  readonly run: (context: HttpContext) => Promise<void>;
  /** Runs on the embedded API in place of `run`. */
  readonly refusal?: (context: HttpContext) => Promise<void>;
}

export interface ContractGroup {
  readonly name: string;
  readonly cases: readonly ContractCase[];
}

/** Holds everywhere. */
export function contract(name: string, run: (context: ContractContext) => Promise<void>): ContractCase {
  return { name, run };
}

/** Holds wherever there is HTTP. */
export function httpContract(name: string, run: (context: HttpContext) => Promise<void>): ContractCase {
  return { name, needs: 'http', run };
}

/** Holds on a real API server only; the embedded API says no in one clear line. */
export function realContract(
  name: string,
  notEmbedded: string,
  run: (context: HttpContext) => Promise<void>,
  refusal: (context: HttpContext) => Promise<void>,
): ContractCase {
  return { name, needs: 'http', notEmbedded, run, refusal };
}

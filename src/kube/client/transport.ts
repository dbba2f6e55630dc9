// Requests to one API server: who we are, time-outs, and every failure as a KubeError in words for a person. Knows HTTP and
// nothing of verbs.
import type { Dispatcher } from 'undici';
import type { Clock } from '#core/clock.ts';
import type { Resource } from '../port.ts';
import { statusError, warningsOf } from './answers.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { createConnections } from './connections.ts';
import type { Connections } from './connections.ts';
import type { Credentials, Identity, TlsMaterial } from './credentials.ts';
import { explainFailure, explainRefusal, unreachable } from './explain.ts';
import type { CallContext } from './explain.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** What it is about, for messages. */
  readonly resource: Resource;
  readonly accept?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /** A whole answer as text. Throws KubeError. `timeoutMs` bounds everything but a person's log-in. */
  call(call: HttpCall, timeoutMs: number): Promise<string>;
  /** The chunks of an endless answer, once its head is there. Throws KubeError, at the head and in between. */
  stream(call: HttpCall): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

export interface TransportInit {
  readonly access: ClusterAccess;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
}

const maxBodyOfErrorBytes = 65_536;

export function createTransport({ access, credentials, clock, onWarning }: TransportInit): Transport {
  const { origin, pathname } = new URL(access.server);
  const prefix = pathname === '/' ? '' : pathname;
  let open: Connections | undefined;
  /** Made for certificates that were replaced; they live as long as their last answer. */
  const retiring = new Set<Connections>();

  function connectionsFor(tls: TlsMaterial): Connections {
    if (open?.tls === tls) return open;
    const old = open;
    if (old !== undefined) {
      retiring.add(old);
      const forget = (): void => void retiring.delete(old);
      old.retire().then(forget, forget);
    }
    open = createConnections(access, tls);
    return open;
  }

  function contextOf(call: HttpCall, identity: Identity | undefined): CallContext {
    return {
      access,
      identity,
      resource: call.resource,
      isWrite: call.method !== 'GET',
      isGivenUp: call.signal?.aborted === true,
      nowMs: clock.now(),
    };
  }

  function request(pool: 'calls' | 'streams', call: HttpCall, identity: Identity, signal: AbortSignal | undefined) {
    return connectionsFor(identity.tls)[pool].request({
      origin,
      method: call.method,
      path: prefix + call.path,
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': 'xtrinode',
        ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
        ...identity.headers,
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Asks once more with other credentials after a 401: a server that does not know us has done nothing yet. */
  async function send(pool: 'calls' | 'streams', call: HttpCall, first: Identity, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    let identity = first;
    for (let isSecond = false; ; isSecond = true) {
      let answer: Dispatcher.ResponseData;
      let text: string;
      try {
        answer = await request(pool, call, identity, signal);
        for (const warning of warningsOf(answer.headers['warning'])) onWarning(warning);
        if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
        text = (await answer.body.text()).slice(0, maxBodyOfErrorBytes);
      } catch (error) {
        throw explainFailure(error, contextOf(call, identity));
      }
      if (answer.statusCode === 401 && !isSecond && (await credentials.renew(identity))) {
        identity = await credentials.current();
        continue;
      }
      const error = statusError(answer.statusCode, text, answer.headers['retry-after'], `${call.method} ${call.path}`, clock.now());
      throw explainRefusal(error, contextOf(call, identity));
    }
  }

  return {
    async call(call, timeoutMs) {
      const identity = await credentials.current();
      const timeout = new AbortController();
      const cancel = clock.after(timeoutMs, () => timeout.abort());
      const signal = call.signal === undefined ? timeout.signal : AbortSignal.any([call.signal, timeout.signal]);
      try {
        const answer = await send('calls', call, identity, signal);
        return await answer.body.text();
      } catch (error) {
        if (timeout.signal.aborted) throw unreachable(access, `no answer to ${call.method} ${call.path} within ${timeoutMs} ms`, error);
        throw explainFailure(error, contextOf(call, identity));
      } finally {
        cancel();
      }
    },
    async *stream(call) {
      const identity = await credentials.current();
      try {
        const answer = await send('streams', call, identity, call.signal);
        yield* answer.body as AsyncIterable<Uint8Array>;
      } catch (error) {
        throw explainFailure(error, contextOf(call, identity));
      }
    },
    async close() {
      const all = open === undefined ? [...retiring] : [open, ...retiring];
      await Promise.all(all.map((connections) => connections.destroy()));
    },
  };
}

// Connections to one API server: TLS, who we are, time-outs, and every failure as a KubeError. Knows HTTP and nothing of
// resources. Two pools, because a watch keeps its connection for minutes and must not starve calls.
import { readFile } from 'node:fs/promises';
import { Pool, errors } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '#core/clock.ts';
import { KubeError } from '../errors.ts';
import { statusError, warningsOf } from './answers.ts';
import type { ClusterAccess } from './kubeconfig.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /** A whole answer as text. Throws KubeError. `timeoutMs` bounds everything. */
  call(call: HttpCall, timeoutMs: number): Promise<string>;
  /** The head of an endless answer; its body is the caller's to read or destroy. Throws KubeError. */
  stream(call: HttpCall): Promise<Dispatcher.ResponseData['body']>;
  close(): Promise<void>;
}

export interface TransportInit {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
}

/** Parallel calls to one server; more wait their turn. client-go allows bursts of the same order. */
const callConnections = 32;
const connectTimeoutMs = 10_000;
/** An answer must begin within this even when the caller is patient: the API server's own limit is 60 s. */
const headersTimeoutMs = 65_000;
/** Kubelets refresh projected tokens long before they expire; client-go reads the file again each minute. */
const tokenFileMaxAgeMs = 60_000;
const maxBodyOfErrorBytes = 65_536;

export function createTransport(init: TransportInit): Transport {
  const { access, clock } = init;
  const connect = {
    timeout: connectTimeoutMs,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.cert === undefined ? {} : { cert: access.cert }),
    ...(access.key === undefined ? {} : { key: access.key }),
    ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
    ...(access.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
  };
  const { origin, pathname } = new URL(access.server);
  const prefix = pathname === '/' ? '' : pathname;
  const calls = new Pool(origin, { connections: callConnections, connect, headersTimeout: headersTimeoutMs, allowH2: false });
  const streams = new Pool(origin, { connections: null, connect, headersTimeout: headersTimeoutMs, bodyTimeout: 0, allowH2: false });
  let fileToken: { readonly value: string; readonly readAt: number } | undefined;

  async function authorization(): Promise<string | undefined> {
    if (access.tokenFile !== undefined) {
      if (fileToken === undefined || clock.now() - fileToken.readAt >= tokenFileMaxAgeMs) {
        fileToken = { value: (await readFile(access.tokenFile, 'utf8')).trim(), readAt: clock.now() };
      }
      return `Bearer ${fileToken.value}`;
    }
    if (access.token !== undefined) return `Bearer ${access.token}`;
    if (access.basic === undefined) return undefined;
    return `Basic ${Buffer.from(`${access.basic.username}:${access.basic.password}`).toString('base64')}`;
  }

  async function send(pool: Pool, call: HttpCall, signal: AbortSignal | undefined): Promise<Dispatcher.ResponseData> {
    const token = await authorization();
    const answer = await pool.request({
      method: call.method,
      path: prefix + call.path,
      headers: {
        accept: 'application/json',
        'user-agent': 'xtrinode',
        ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
        ...(token === undefined ? {} : { authorization: token }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(signal === undefined ? {} : { signal }),
    });
    for (const warning of warningsOf(answer.headers['warning'])) init.onWarning(warning);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    const text = await answer.body.text();
    throw statusError(
      answer.statusCode,
      text.slice(0, maxBodyOfErrorBytes),
      answer.headers['retry-after'],
      `${call.method} ${call.path}`,
      clock.now(),
    );
  }

  return {
    async call(call, timeoutMs) {
      const timeout = new AbortController();
      const cancel = clock.after(timeoutMs, () => timeout.abort());
      const signal = call.signal === undefined ? timeout.signal : AbortSignal.any([call.signal, timeout.signal]);
      try {
        const answer = await send(calls, call, signal);
        return await answer.body.text();
      } catch (error) {
        if (timeout.signal.aborted)
          throw unreachable(access.server, `no answer to ${call.method} ${call.path} within ${timeoutMs} ms`, error);
        throw asKubeError(error, access.server);
      } finally {
        cancel();
      }
    },
    async stream(call) {
      try {
        return (await send(streams, call, call.signal)).body;
      } catch (error) {
        throw asKubeError(error, access.server);
      }
    },
    async close() {
      await Promise.all([calls.destroy(), streams.destroy()]);
    },
  };
}

export function unreachable(server: string, what: string, cause: unknown): KubeError {
  return new KubeError({ code: 0, reason: 'Unreachable', message: `Kubernetes API ${server}: ${what}`, cause });
}

/** Whatever went wrong below HTTP, in words; KubeErrors pass. */
export function asKubeError(error: unknown, server: string): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof errors.ConnectTimeoutError) return unreachable(server, 'the connection took too long', error);
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return unreachable(server, 'the answer took too long', error);
  if (error instanceof Error && error.name === 'AbortError') return unreachable(server, 'the call was given up', error);
  // Several addresses (127.0.0.1 and ::1): the AggregateError itself has no message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return unreachable(server, first instanceof Error ? first.message : String(first), error);
}

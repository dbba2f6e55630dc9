// Connection pools to one API server, straight or through a proxy, for one set of certificates. Knows undici; knows neither
// requests nor whom they are made for.
import { Pool, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { ClusterAccess } from './cluster-access.ts';
import type { TlsMaterial } from './credentials.ts';

export interface Connections {
  readonly tls: TlsMaterial;
  /** Answers that end soon. */
  readonly calls: Dispatcher;
  /** Watches and logs: apart, because each keeps its connection for minutes and must not starve calls. */
  readonly streams: Dispatcher;
  /** Ends when the last answer has ended; nothing new may be sent. */
  retire(): Promise<void>;
  /** Cuts everything. */
  destroy(): Promise<void>;
}

/** Parallel calls to one server; more wait their turn. client-go allows bursts of the same order. */
const callConnections = 32;
const connectTimeoutMs = 10_000;
/** An answer must begin within this even when the caller is patient: the API server's own limit is 60 s. */
const headersTimeoutMs = 65_000;
/**
 * A peer that vanished without a word is noticed this long after the last byte, plus 10 probes of a second (libuv's, not to be
 * chosen): a silent watch dies within half a minute, as client-go's does by its HTTP/2 pings.
 */
const tcpKeepAliveMs = 15_000;

export function createConnections(access: ClusterAccess, tls: TlsMaterial): Connections {
  const tcp = { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs };
  const connect = {
    ...tcp,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
    ...(access.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
  };
  const { origin } = new URL(access.server);
  const { proxy } = access;
  function pool(limits: { readonly connections: number | null; readonly bodyTimeout?: number }): Dispatcher {
    const common = { ...limits, headersTimeout: headersTimeoutMs, allowH2: false };
    if (proxy === undefined) return new Pool(origin, { ...common, connect });
    return new ProxyAgent({ ...common, uri: proxy.href, requestTls: connect, proxyTls: tcp });
  }
  const calls = pool({ connections: callConnections });
  const streams = pool({ connections: null, bodyTimeout: 0 });
  return {
    tls,
    calls,
    streams,
    async retire() {
      await Promise.all([calls.close(), streams.close()]);
    },
    async destroy() {
      await Promise.all([calls.destroy(), streams.destroy()]);
    },
  };
}

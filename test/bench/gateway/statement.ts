// What a client of Trino sends, for the load generator, and the id at the end of the fake coordinator's query ids.

export const coordinatorId = 'bench';

/** Whose pages are kept until their end has come, and written at once (decision 0032), and whose are streamed. */
const userAgents = { python: 'Trino Python Client/0.340.0', cli: 'trino-cli/476' };
export type Client = keyof typeof userAgents;

/** As the Python client sends them, with a few session properties. */
const clientHeaders = [
  'Accept-Encoding: gzip, deflate, zstd',
  'Accept: */*',
  'Connection: keep-alive',
  'X-Trino-User: ann',
  'X-Trino-Source: bench',
  'X-Trino-Catalog: tpch',
  'X-Trino-Schema: tiny',
  'X-Trino-Time-Zone: Europe/Berlin',
  'X-Trino-Client-Capabilities: PARAMETRIC_DATETIME,SESSION_AUTHORIZATION',
  'X-Trino-Session: query_max_run_time=10m',
  'X-Trino-Client-Info: bench',
].join('\r\n');

const sql = 'SELECT name, count(*) FROM nation JOIN region ON nation.regionkey = region.regionkey GROUP BY name';

export interface Requests {
  readonly post: Buffer;
  poll(path: string): Buffer;
}

export function requestsTo(host: string, client: Client = 'python'): Requests {
  const headers = `Host: ${host}\r\nUser-Agent: ${userAgents[client]}\r\n${clientHeaders}\r\n`;
  const framing = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${sql.length}\r\n`;
  return {
    post: Buffer.from(`POST /v1/statement HTTP/1.1\r\n${headers}${framing}\r\n${sql}`),
    poll: (path) => Buffer.from(`GET ${path} HTTP/1.1\r\n${headers}\r\n`),
  };
}

// What a client of Trino sends, for the load generator, and the id at the end of the fake coordinator's query ids.

export const coordinatorId = 'bench';

/** As the Python client sends them, with a few session properties. */
const clientHeaders = [
  'User-Agent: trino-python-client/0.336.0',
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

export function formatPost(host: string): Buffer {
  const framing = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${sql.length}`;
  return Buffer.from(`POST /v1/statement HTTP/1.1\r\nHost: ${host}\r\n${clientHeaders}\r\n${framing}\r\n\r\n${sql}`);
}

export function formatPoll(host: string, path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${clientHeaders}\r\n\r\n`);
}

// What stock clients do that the protocol does not say. Pure.
import { headerOf, type HeaderPairs } from './headers.ts';

/**
 * Whether its user's query ends with a page that breaks off in its middle, though it asks again for one that never began: of what
 * `requests` raises, the Python client repeats ConnectionError and not ChunkedEncodingError (trino/client.py, HTTP_EXCEPTIONS). dbt,
 * SQLAlchemy and Superset are on top of it. CLI and JDBC repeat both, the Go and JavaScript clients neither.
 */
export function endsWithBrokenPage(headers: HeaderPairs): boolean {
  return headerOf(headers, 'user-agent')?.startsWith('Trino Python Client/') === true;
}

// Runs one statement on a Trino of this machine to its end, for training runs. Not a client library: no types, no sessions.

interface Page {
  readonly nextUri?: string;
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: { readonly message: string };
}

/** The rows. Rejects when Trino reports an error or `signal` aborts. */
export async function runStatement(url: string, statement: string, signal: AbortSignal): Promise<readonly (readonly unknown[])[]> {
  const headers = { 'X-Trino-User': 'xtrinode', 'X-Trino-Source': 'xtrinode-node' };
  const rows: (readonly unknown[])[] = [];
  let response = await fetch(`${url}/v1/statement`, { method: 'POST', body: statement, headers, signal });
  for (;;) {
    const page = (await response.json()) as Page;
    if (page.error !== undefined) throw new Error(page.error.message);
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return rows;
    response = await fetch(page.nextUri, { headers, signal });
  }
}

// What a status is called in the first line of an answer.

/** Not imported: as a module of its own `node:http` brings Node's `fetch` and HTTP/2 along, 4 MB that the gateway has no use for. */
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** Empty for a status that has none. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

// Which coordinator an open transaction lives on. Trino's transaction ids do not tell, so on their way to the client they get
// the coordinator's id as a suffix, `<uuid>.<coordinator id>`, and lose it on their way back: clients only ever repeat them, and
// any gateway sends the transaction's statements to the right coordinator without having seen its start (design D4). Pure.

export interface Transaction {
  /** As Trino made it. */
  readonly id: string;
  /** Absent when the client has the id from elsewhere. */
  readonly coordinatorId?: string;
}

const suffixed = /^(.+)\.([a-z0-9]{1,32})$/;

/** What a client sent, or an empty text or NONE where none is open. */
export function readTransaction(text: string): Transaction | undefined {
  return text === '' || text.toUpperCase() === 'NONE' ? undefined : parse(text);
}

function parse(text: string): Transaction {
  const [, id, coordinatorId] = suffixed.exec(text) ?? [];
  return id === undefined || coordinatorId === undefined ? { id: text } : { id, coordinatorId };
}

/** The value of a request's transaction header as its coordinator knows it. */
export function toCoordinator(value: string): string {
  return parse(value).id;
}

/** The value of an answer's header that starts a transaction, as the client is to repeat it. */
export function toClient(value: string, coordinatorId: string): string {
  return `${value}.${coordinatorId}`;
}

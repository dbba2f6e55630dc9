// Reads a request body up to a bound, within a memory budget. Shell.
import type { MemoryBudget } from './hold/memory-budget.ts';
import type { ClientExchange } from './http/client-exchange.ts';

export type BodyResult = { readonly body: Buffer } | { readonly refused: 'too-large' | 'no-memory' | 'client-gone' };

/** Copies, in memory of their own: from Node's pool a small one would keep eight kilobytes for as long as its statement waits. */
function joined(chunks: readonly Buffer[], size: number): Buffer {
  const body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(body, at);
  return body;
}

/**
 * The whole body, or why not. What is refused is still read and thrown away, so that the client gets its answer and the
 * connection stays usable. The memory of a body that is returned is no longer in the budget: the caller's next step takes it.
 */
export function readBody(exchange: ClientExchange, maxBytes: number, budget: MemoryBudget): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isFinished = false;
    const finish = (result: BodyResult): void => {
      isFinished = true;
      budget.give(size);
      size = 0;
      resolve(result);
    };
    const declared = exchange.head.body;
    if (typeof declared === 'number' && declared > maxBytes) finish({ refused: 'too-large' });
    exchange.readBody({
      onData(slice) {
        if (isFinished) return;
        if (size + slice.length > maxBytes) return finish({ refused: 'too-large' });
        if (!budget.take(slice.length)) return finish({ refused: 'no-memory' });
        size += slice.length;
        chunks.push(joined([slice], slice.length));
      },
      onEnd: () => finish({ body: chunks.length === 1 ? (chunks[0] as Buffer) : joined(chunks, size) }),
      onBroken: () => finish({ refused: 'client-gone' }),
    });
  });
}

// Reads a request body up to a bound, within a memory budget. Shell.
import type { IncomingMessage } from 'node:http';
import type { MemoryBudget } from './hold/memory-budget.ts';

export type BodyResult = { readonly body: Buffer } | { readonly refused: 'too-large' | 'no-memory' | 'client-gone' };

/**
 * The whole body, or why not. What is refused is still read and thrown away, so that the client gets its answer and the
 * connection stays usable. The memory of a body that is returned is no longer in the budget: the caller's next step takes it.
 */
export function readBody(request: IncomingMessage, maxBytes: number, budget: MemoryBudget): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: BodyResult): void => {
      request.off('data', take);
      request.resume();
      budget.give(size);
      size = 0;
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (size + chunk.length > maxBytes) return finish({ refused: 'too-large' });
      if (!budget.take(chunk.length)) return finish({ refused: 'no-memory' });
      size += chunk.length;
      chunks.push(chunk);
    };
    request.once('end', () => finish({ body: Buffer.concat(chunks) }));
    request.once('close', () => finish({ refused: 'client-gone' }));
    // A broken connection: 'close' follows.
    request.on('error', () => undefined);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) finish({ refused: 'too-large' });
    else request.on('data', take);
  });
}

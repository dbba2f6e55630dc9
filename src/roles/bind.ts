// Listening, with words for the user when a port cannot be had.
import { SetupError } from '#node/setup-error.ts';

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** `option`: how the user gives the port, e.g. `--gateway-port PORT`. Throws SetupError for what the user can mend. */
export async function bind<T>(what: string, option: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!isCode(error, 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND')) throw error;
    const isTaken = isCode(error, 'EADDRINUSE');
    const refusal = isCode(error, 'EACCES') ? 'this user may not open it.' : 'the address is not one of this machine.';
    throw new SetupError({
      what: `port ${port} cannot be had for the ${what}`,
      why: isTaken ? `another program listens there (see: ss -ltnp 'sport = :${port}').` : refusal,
      mend: `${isTaken ? 'Stop that program, or choose' : 'Choose'} another: ${option} (port 0 takes a free one).`,
    });
  }
}

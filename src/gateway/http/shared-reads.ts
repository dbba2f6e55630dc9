// Sockets that read into one buffer for all of them. For each read of a socket that a server has accepted Node takes 64 KiB and cuts
// them to the few hundred bytes that came: holes in the heap that the next 64 KiB do not fit into, and work per request. Shell.
import { Socket } from 'node:net';

/** Where Node keeps the kernel's side of a socket. Neither this nor the option `handle` is documented: the Node that runs this is pinned. */
interface WithHandle {
  _handle?: object | null;
}

/** As much as one read takes from the kernel. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

const onread = {
  buffer: shared,
  /** Node calls it on the socket. */
  callback(this: Socket, size: number): boolean {
    return this.emit('data', shared.subarray(0, size));
  },
};

/**
 * The connection of `accepted`, which is of no use afterwards. What it gives to 'data' is written over when the listeners return.
 * `accepted` must be paused (`pauseOnConnect`).
 */
export function readShared(accepted: Socket): Socket {
  const { _handle: handle } = accepted as WithHandle;
  if (handle === undefined || handle === null) return accepted.resume();
  (accepted as WithHandle)._handle = null;
  accepted.destroy();
  const options: object = { handle, onread };
  return new Socket(options);
}

// A coordinator that costs as little as it can, as a process of its own: on raw sockets, with pages made beforehand, so that what is
// measured is what stands before it. Every statement has one queued page and as many pages of results as asked.
// Arguments: PAGES BYTES IDS ID, IDS where more than a thousand statements are under way: then it prints the text of each as it comes. A
// line on stdin stalls it: from then on it takes what comes and answers nothing.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { coordinatorId } from './statement.ts';

const [pages, bytes, ids = 1_000] = process.argv.slice(2).map(Number) as [number, number, number?];
const ownId = process.argv[5] ?? coordinatorId;
let isStalled = false;
const endOfHead = Buffer.from('\r\n\r\n');

function answer(body: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nX-Content-Type-Options: nosniff\r\nVary: Accept-Encoding\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

/** As Trino's: what to ask next comes before the rows. */
function page(id: string, origin: string, next: string | undefined, data: string): string {
  const nextUri = next === undefined ? '' : `"nextUri":"${origin}/v1/statement/${next}",`;
  const stats = '"stats":{"state":"RUNNING","queued":false,"scheduled":true,"nodes":1,"totalSplits":1,"elapsedTimeMillis":10}';
  return `{"id":"${id}","infoUri":"${origin}/ui/query.html?${id}",${nextUri}${data}${stats},"warnings":[]}`;
}

const rows = `"columns":[{"name":"a","type":"varchar"}],"data":[["${'x'.repeat(Math.max(1, bytes - 420))}"]],`;
const oneRow = '"columns":[{"name":"a","type":"integer"}],"data":[[1]],';
let sequence = 0;
const made = new Map<string, Buffer>();

/** Made once per page: ids repeat after a while. */
function pageOf(id: string, origin: string, kind: string, token: number): Buffer {
  const key = `${id}${origin}${kind}${token}`;
  let whole = made.get(key);
  if (whole === undefined) {
    if (kind === 'post') whole = answer(page(id, origin, `queued/${id}/s/1`, ''));
    else if (kind === 'queued') whole = answer(page(id, origin, `executing/${id}/s/0`, ''));
    else whole = answer(page(id, origin, token + 1 < pages ? `executing/${id}/s/${token + 1}` : undefined, pages === 0 ? oneRow : rows));
    if (bytes < 100_000) made.set(key, whole);
  }
  return whole;
}

const large = new Map<number, Buffer>();

function respond(head: string, body: Buffer): Buffer {
  const origin = `http://${/\r\nx-forwarded-host: ([^\r]+)/i.exec(head)?.[1] ?? /\r\nhost: ([^\r]+)/i.exec(head)?.[1] ?? ''}`;
  if (head.startsWith('POST')) {
    sequence = (sequence + 1) % ids;
    if (ids > 1_000) process.stdout.write(`${body.toString()}\n`);
    return pageOf(`20261121_120000_${String(10_000 + sequence)}_${ownId}`, origin, 'post', 0);
  }
  const [, kind = '', id = '', token = ''] = /^GET \/v1\/statement\/(\w+)\/(\w+)\/s\/(\d+)/.exec(head) ?? [];
  if (bytes < 100_000 || kind !== 'executing') return pageOf(id, origin, kind, Number(token));
  // A large page does not carry its own id: nobody looks.
  let whole = large.get(Number(token));
  if (whole === undefined) large.set(Number(token), (whole = pageOf(id, origin, kind, Number(token))));
  return whole;
}

function serve(socket: Socket): void {
  let rest: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    rest = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf(endOfHead);
      if (end < 0) return;
      const head = rest.toString('latin1', 0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      const body = rest.subarray(end + 4, end + 4 + length);
      rest = rest.subarray(end + 4 + length);
      if (!isStalled) socket.write(respond(head, body));
    }
  });
  // Whoever is measured may break off.
  socket.on('error', () => socket.destroy());
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
createInterface(process.stdin).on('line', () => (isStalled = true));

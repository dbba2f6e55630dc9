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

/** What comes after the addresses of a page. */
function restOf(data: string): Buffer {
  const stats = '"stats":{"state":"RUNNING","queued":false,"scheduled":true,"nodes":1,"totalSplits":1,"elapsedTimeMillis":10}';
  return Buffer.from(`${data}${stats},"warnings":[]}`, 'latin1');
}

const withoutRows = restOf('');
const oneRow = '"columns":[{"name":"a","type":"integer"}],"data":[[1]],';
const rows = `"columns":[{"name":"a","type":"varchar"}],"data":[["${'x'.repeat(Math.max(1, bytes - 420))}"]],`;
const withRows = restOf(pages === 0 ? oneRow : rows);
let sequence = 0;
const made = new Map<string, readonly Buffer[]>();

function nextOf(id: string, kind: string, token: number): string | undefined {
  if (kind === 'post') return `queued/${id}/s/1`;
  if (kind === 'queued') return `executing/${id}/s/0`;
  return token + 1 < pages ? `executing/${id}/s/${token + 1}` : undefined;
}

/** As Trino's: what to ask next comes before the rows. Short ones are made once, since ids repeat; the rows of a long one are those of all. */
function pageOf(id: string, origin: string, kind: string, token: number): readonly Buffer[] {
  const key = `${id}${origin}${kind}${token}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const next = nextOf(id, kind, token);
  const nextUri = next === undefined ? '' : `"nextUri":"${origin}/v1/statement/${next}",`;
  const start = `{"id":"${id}","infoUri":"${origin}/ui/query.html?${id}",${nextUri}`;
  const rest = kind === 'executing' ? withRows : withoutRows;
  const head = `HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: ${start.length + rest.length}\r\nX-Content-Type-Options: nosniff\r\nVary: Accept-Encoding\r\n\r\n`;
  const begin = Buffer.from(head + start, 'latin1');
  if (rest.length > 50_000) return [begin, rest];
  const whole = [Buffer.concat([begin, rest])];
  made.set(key, whole);
  return whole;
}

function respond(head: string, body: Buffer): readonly Buffer[] {
  const origin = `http://${/\r\nx-forwarded-host: ([^\r]+)/i.exec(head)?.[1] ?? /\r\nhost: ([^\r]+)/i.exec(head)?.[1] ?? ''}`;
  if (head.startsWith('POST')) {
    sequence = (sequence + 1) % ids;
    if (ids > 1_000) process.stdout.write(`${body.toString()}\n`);
    return pageOf(`20261121_120000_${String(10_000 + sequence)}_${ownId}`, origin, 'post', 0);
  }
  const [, kind = '', id = '', token = ''] = /^GET \/v1\/statement\/(\w+)\/(\w+)\/s\/(\d+)/.exec(head) ?? [];
  return pageOf(id, origin, kind, Number(token));
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
      if (isStalled) continue;
      socket.cork();
      for (const part of respond(head, body)) socket.write(part);
      socket.uncork();
    }
  });
  // Whoever is measured may break off.
  socket.on('error', () => socket.destroy());
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
createInterface(process.stdin).on('line', () => (isStalled = true));

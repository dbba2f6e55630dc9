// Clients that wait, as a process of its own: many connections, each with one statement that is followed to its end. Argument: Waiters as JSON. Prints
// 'waiting' when all have a first page, after each line on stdin what the polls since the last one were like, and at the end how all
// statements ended.
import { connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pollHoldMs } from '../../../src/gateway/hold/poll-pace.ts';

export interface Waiters {
  readonly port: number;
  readonly users: number;
  readonly perUser: number;
  /** Statements of one user that are sent at the same time; with 1 the order of arrival is certain. */
  readonly atOnce: number;
  /** Value of X-Trino-XTrinode. */
  readonly runtime: string;
}

export interface PollsReport {
  readonly polls: number;
  readonly seconds: number;
  /** Beyond the time for which the gateway keeps a poll open, in ms. */
  readonly lateP50: number;
  readonly lateP99: number;
  readonly lateMost: number;
}

export interface Ends {
  readonly finished: number;
  readonly failed: number;
}

const { port, users, perUser, atOnce, runtime } = JSON.parse(process.argv[2] ?? '') as Waiters;
const host = `127.0.0.1:${port}`;
let late: number[] = [];
let since = performance.now();
let [finished, failed, waiting] = [0, 0, 0];

function fail(why: string): never {
  process.stderr.write(`waiters: ${why}\n`);
  process.exit(1);
}

type Ask = (request: string) => Promise<string>;

/** All read into one: a buffer for each read, given back to the kernel soon after, would keep the load on this core waiting. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** One request at a time; small answers. */
async function openClient(): Promise<Ask> {
  let take: (body: string) => void = () => undefined;
  let pending = '';
  const callback = (size: number): boolean => {
    pending += shared.toString('latin1', 0, size);
    const end = pending.indexOf('\r\n\r\n');
    if (end < 0) return true;
    if (!pending.startsWith('HTTP/1.1 200')) fail(`an answer that is none: ${pending}`);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(pending)?.[1] ?? fail(`an answer without a length: ${pending}`));
    if (pending.length < end + 4 + length) return true;
    const body = pending.slice(end + 4, end + 4 + length);
    pending = '';
    take(body);
    return true;
  };
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer: shared, callback } });
  await once(socket, 'connect');
  socket.on('close', () => fail('a connection was closed'));
  return (request) =>
    new Promise((resolve) => {
      take = resolve;
      socket.write(request, 'latin1');
    });
}

const nextOf = (page: string): string | undefined => /"nextUri":"http:\/\/[^/]+([^"]+)"/.exec(page)?.[1];

function headersOf(user: string): string {
  return `Host: ${host}\r\nX-Trino-User: ${user}\r\nX-Trino-XTrinode: ${runtime}\r\nUser-Agent: bench\r\nX-Trino-Source: bench\r\n`;
}

async function follow(ask: Ask, user: string, first: string): Promise<void> {
  let next = nextOf(first);
  let page = first;
  while (next !== undefined) {
    const [, id = '', token] = /\/queued\/([^/]+)\/x[^/]+\/(\d+)$/.exec(next) ?? [];
    const askedAt = performance.now();
    page = await ask(`GET ${next} HTTP/1.1\r\n${headersOf(user)}\r\n`);
    next = nextOf(page);
    // Still held: it was kept open for as long as it may be.
    if (token !== undefined && next?.includes('/x') === true)
      late.push(performance.now() - askedAt - pollHoldMs(Number(token), 'bench', id, users * perUser));
  }
  if (page.includes('"error":')) failed += 1;
  else finished += 1;
  if (finished + failed < users * perUser) return;
  const ends: Ends = { finished, failed };
  process.stdout.write(`${JSON.stringify(ends)}\n`, () => process.exit(0));
}

async function send(user: string, lane: number): Promise<void> {
  for (let index = lane; index < perUser; index += atOnce) {
    const ask = await openClient();
    const sql = `${user} ${index}`;
    const page = await ask(`POST /v1/statement HTTP/1.1\r\n${headersOf(user)}Content-Length: ${sql.length}\r\n\r\n${sql}`);
    waiting += 1;
    if (waiting === users * perUser) process.stdout.write('waiting\n');
    void follow(ask, user, page);
  }
}

function report(): PollsReport {
  const sorted = late.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  const seconds = (performance.now() - since) / 1_000;
  late = [];
  since = performance.now();
  return { polls: sorted.length, seconds, lateP50: at(0.5), lateP99: at(0.99), lateMost: at(1) };
}

createInterface(process.stdin).on('line', () => process.stdout.write(`${JSON.stringify(report())}\n`));
await Promise.all(Array.from({ length: users * atOnce }, (_, index) => send(`user-${index % users}`, Math.floor(index / users))));

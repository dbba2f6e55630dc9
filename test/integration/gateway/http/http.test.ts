// HTTP/1.1 at both sides of the gateway, by tables: whatever comes, it has one meaning for everybody on its way, or none.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createBench, anEntry, type Bench } from '../setup.ts';
import { clientCases, neverForwarded, type ClientCase } from './client-cases.ts';
import { coordinatorCases, type CoordinatorCase } from './coordinator-cases.ts';
import { aRawClient } from './raw-client.ts';
import { answerOk, aRawCoordinator, type RawCoordinator } from './raw-coordinator.ts';

interface Edge {
  readonly bench: Bench;
  readonly coordinator: RawCoordinator;
}

/** One for all cases of a table: a case that spoils it for the next one is a finding too. Call it in a `describe`. */
function anEdge(): () => Edge {
  const endings: (() => unknown)[] = [];
  let edge: Edge | undefined;
  before(async () => (edge = await startEdge({ after: (ending: () => unknown) => void endings.push(ending) } as unknown as TestContext)));
  after(() => Promise.all(endings.map((end) => end())));
  return () => edge as Edge;
}

async function startEdge(t: TestContext): Promise<Edge> {
  const coordinator = await aRawCoordinator(t);
  const bench = await createBench(t, { routes: [anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url })] });
  return { bench, coordinator };
}

const probe = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

/** Long texts in pieces of a packet's size: else one test would be most of the time of all. */
function inPieces(text: string): string[] {
  const size = text.length > 4_000 ? 1_400 : 1;
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
}

async function assertClientCase(
  { bench, coordinator }: Edge,
  { statuses, forwarded, goesOn }: ClientCase,
  pieces: readonly string[],
): Promise<void> {
  coordinator.requests.length = 0;
  const client = await aRawClient(bench.port);
  await client.send(pieces);
  if (goesOn) {
    await client.answers(statuses.length);
    await client.send([probe]);
    await client.answers(statuses.length + 1);
  } else await client.closed;
  client.destroy();
  assert.deepEqual(client.statuses, goesOn ? [...statuses, 200] : statuses, client.text);
  assert.deepEqual(
    coordinator.requests.map(({ what }) => what),
    forwarded,
  );
  for (const { head, what } of coordinator.requests) {
    const names = head.split('\r\n').map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase());
    assert.equal(names.filter((name) => name === 'host').length, 1);
    assert.equal(names.filter((name) => name === 'content-length').length, what.startsWith('GET') ? 0 : 1);
    assert.deepEqual(
      names.filter((name) => neverForwarded.includes(name)),
      [],
    );
    assert.doesNotMatch(head.replaceAll('\r\n', ''), /[\r\n\0]/);
  }
}

describe('what a client sends', () => {
  const edge = anEdge();
  for (const one of clientCases) {
    it(one.name, async () => {
      await assertClientCase(edge(), one, [one.send]);
      await assertClientCase(edge(), one, inPieces(one.send));
    });
  }
});

async function assertCoordinatorCase({ bench, coordinator }: Edge, given: CoordinatorCase, pieces: readonly string[]): Promise<void> {
  const { method = 'POST', ending, client: expected, isReused } = given;
  coordinator.requests.length = 0;
  coordinator.answer = (socket) => {
    coordinator.answer = answerOk;
    const next = (index: number): void => {
      if (index < pieces.length) {
        socket.write(pieces[index] as string, 'latin1');
        setImmediate(() => next(index + 1));
      } else if (ending === 'end') socket.end();
      else if (ending === 'reset') socket.resetAndDestroy();
    };
    next(0);
  };
  const client = await aRawClient(bench.port);
  await client.send([`${method} /oauth2/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`]);
  await client.closed;
  const [head = '', body = ''] = client.text.split('\r\n\r\n', 2);
  const isChunked = /^transfer-encoding: chunked/im.test(head);
  // A reset may overtake what was sent before it: then there was no answer at all.
  const isOvertaken = ending === 'reset' && client.statuses.join() === '503';
  if (expected === 'broken') assert.ok(isOvertaken || !isWhole(head, client.text.slice(head.length + 4)), client.text);
  else {
    const [status, text] = expected;
    assert.equal(client.statuses.join(), String(status), client.text);
    if (status !== 503) assert.equal(isChunked ? dechunked(client.text.slice(head.length + 4)) : body, text);
    assert.doesNotMatch(head, /^(?:hop|link|upgrade):/im);
  }
  const second = await bench.send('POST', '/oauth2/x', { body: 'second' });
  assert.deepEqual([second.status, second.text], [200, 'hi']);
  const [first, next] = coordinator.requests;
  assert.equal(coordinator.requests.length, 2, 'nothing is sent twice');
  assert.equal(first?.connection === next?.connection, isReused);
}

function dechunked(text: string): string {
  assert.match(text, /^(?:[0-9a-f]+\r\n[^]*\r\n)?0\r\n\r\n$/);
  let body = '';
  for (let rest = text; !rest.startsWith('0\r\n');) {
    const cut = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, cut), 16);
    body += rest.slice(cut + 2, cut + 2 + size);
    rest = rest.slice(cut + 4 + size);
  }
  return body;
}

/** Whether a client would take it for a complete answer. */
function isWhole(head: string, body: string): boolean {
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return body.length === Number(length);
  return head !== '' && (!/^transfer-encoding: chunked/im.test(head) || body.endsWith('0\r\n\r\n'));
}

describe('what a coordinator answers', () => {
  const edge = anEdge();
  for (const one of coordinatorCases) {
    it(one.name, async () => {
      await assertCoordinatorCase(edge(), one, [one.answer]);
      await assertCoordinatorCase(edge(), one, inPieces(one.answer));
    });
  }
});

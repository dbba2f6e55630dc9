// Pages for the Python client, which asks again for what never began and gives up what breaks off in its middle: they are written when
// their end has come, at once. Others get what there is.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { aRawClient, type RawClient } from './http/raw-client.ts';
import { answerOk, aRawCoordinator } from './http/raw-coordinator.ts';
import { anEntry, createBench, type Bench } from './setup.ts';

const python = 'Trino Python Client/0.340.0';
const jdbc = 'Trino JDBC Driver/484';
const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
const bodyBytes = (text: string): number => text.split('x').length - 1;

interface Line {
  readonly bench: Bench;
  /** Asks for a page; fulfilled when the coordinator has been asked. */
  ask(client: string): Promise<{ readonly client: RawClient; readonly coordinator: Socket }>;
  /** Fulfilled when the gateway has read, and passed on as it will, all that coordinators have sent before. */
  settled(): Promise<void>;
}

async function aLine(t: TestContext): Promise<Line> {
  const coordinator = await aRawCoordinator(t);
  const bench = await createBench(t, { routes: [anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url, coordinatorId: 'abcde' })] });
  let pages = 0;
  const ask: Line['ask'] = async (userAgent) => {
    const client = await aRawClient(bench.port);
    t.after(() => client.destroy());
    const asked = new Promise<Socket>((resolve) => {
      coordinator.answer = (socket) => {
        coordinator.answer = answerOk;
        resolve(socket);
      };
    });
    pages += 1;
    const path = `/v1/statement/executing/20261121_125428_0000${pages}_abcde/xslug/1`;
    await client.send([`GET ${path} HTTP/1.1\r\nHost: a\r\nX-Trino-User: ann\r\nUser-Agent: ${userAgent}\r\n\r\n`]);
    return { client, coordinator: await asked };
  };
  return {
    bench,
    ask,
    async settled() {
      for (let turn = 0; turn < 3; turn += 1) {
        const other = await ask(jdbc);
        other.coordinator.write(head + chunk(10));
        await other.client.until((text) => bodyBytes(text) === 10);
        other.client.destroy();
      }
    },
  };
}

describe('a page for the Python client', () => {
  it('is written when all of it has come, and one for another client as it comes', async (t) => {
    const { ask, settled } = await aLine(t);
    const { client, coordinator } = await ask(python);
    coordinator.write(head);
    await settled();
    coordinator.write(chunk(40_000) + chunk(200_000));
    await settled();
    assert.equal(client.text, '');
    coordinator.write(`${chunk(3)}0\r\n\r\n`);
    await client.until((text) => text.endsWith('\r\n0\r\n\r\n'));
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(bodyBytes(client.text.slice(client.text.indexOf('\r\n\r\n'))), 240_003);
  });

  it('has not begun when the coordinator breaks off: its client asks again', async (t) => {
    const { ask, settled } = await aLine(t);
    const { client, coordinator } = await ask(python);
    coordinator.write(head + chunk(40_000));
    await settled();
    coordinator.resetAndDestroy();
    await client.closed;
    assert.equal(client.text, '');
  });

  it('begins before its end where it is large', async (t) => {
    const { ask } = await aLine(t);
    const { client, coordinator } = await ask(python);
    coordinator.write(head + chunk(3_000_000));
    await client.until((text) => bodyBytes(text) > 2_000_000);
    coordinator.write(`${chunk(5)}0\r\n\r\n`);
    await client.until((text) => text.endsWith('\r\n0\r\n\r\n'));
    assert.equal(bodyBytes(client.text.slice(client.text.indexOf('\r\n\r\n'))), 3_000_005);
  });

  it('begins with what comes after 5 s', async (t) => {
    const { bench, ask, settled } = await aLine(t);
    const { client, coordinator } = await ask(python);
    coordinator.write(head + chunk(7));
    await settled();
    bench.clock.advance(5_000);
    coordinator.write(chunk(2));
    await client.until((text) => text.includes('\r\n\r\n'));
    await client.until((text) => bodyBytes(text) === 9);
    assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/);
  });
});

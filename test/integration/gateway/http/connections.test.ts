// Connections at both sides of the gateway under load, haste and patience: pipelines, compressed pages, clients that go.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { anEntry, createBench, type Bench } from '../setup.ts';
import { aRawClient } from './raw-client.ts';
import { aRawCoordinator, answerOk, type RawCoordinator } from './raw-coordinator.ts';

async function anEdge(t: TestContext): Promise<{ readonly bench: Bench; readonly coordinator: RawCoordinator }> {
  const coordinator = await aRawCoordinator(t);
  return { coordinator, bench: await createBench(t, { routes: [anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url })] }) };
}

function getOf(path: string, lines = ''): string {
  return `GET /oauth2/${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
}

describe('an answer that comes in pieces', () => {
  it('is whole for a client that does not read for a while, however much the kernel takes of each', async (t) => {
    const { bench, coordinator } = await anEdge(t);
    const pieces = Array.from({ length: 300 }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(30_000));
    let sent = 0;
    coordinator.answer = (socket) => {
      const next = (): void => {
        const piece = pieces[sent];
        if (piece === undefined) return;
        sent += 1;
        socket.write(piece);
        setImmediate(next);
      };
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${pieces.length * 30_000}\r\n\r\n`);
      next();
    };
    const client = await aRawClient(bench.port);
    client.pause();
    await client.send([getOf('x')]);
    await bench.until(() => sent === pieces.length);
    client.resume();
    await client.until((text) => text.length > pieces.length * 30_000);
    client.destroy();
    assert.equal(client.text.slice(client.text.indexOf('\r\n\r\n') + 4) === pieces.join(''), true);
  });
});

describe('a pipeline', () => {
  it('is answered in its order, one request at a time at the coordinator', async (t) => {
    const { bench, coordinator } = await anEdge(t);
    let atOnce = 0;
    let most = 0;
    coordinator.answer = (socket, { what }) => {
      most = Math.max(most, (atOnce += 1));
      setImmediate(() => {
        atOnce -= 1;
        const body = what.split(' ')[1] ?? '';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
    };
    const client = await aRawClient(bench.port);
    const paths = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await client.send([paths.map((path) => getOf(path)).join('')]);
    await client.answers(50);
    client.destroy();
    assert.deepEqual(
      [...client.text.matchAll(/\/oauth2\/(n\d+)/g)].map(([, path]) => path),
      paths,
    );
    assert.equal(most, 1);
  });

  it('longer than the gateway keeps waits in the client, and nothing of it is lost', async (t) => {
    const { bench, coordinator } = await anEdge(t);
    const stalled: (() => void)[] = [];
    coordinator.answer = (socket) => {
      coordinator.answer = answerOk;
      stalled.push(() => answerOk(socket));
    };
    const client = await aRawClient(bench.port);
    const long = getOf('x', `X-A: ${'b'.repeat(50_000)}\r\n`);
    await client.send(Array.from({ length: 100 }, () => long));
    await bench.until(() => stalled.length === 1);
    stalled[0]?.();
    await client.answers(100);
    client.destroy();
    assert.deepEqual([client.statuses.length, coordinator.requests.length], [100, 100]);
  });
});

describe('compressed pages', () => {
  for (const [coding, compress] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    it(`in ${coding} pass byte for byte, in chunks and with a length`, async (t) => {
      const { bench, coordinator } = await anEdge(t);
      const page = compress(Buffer.from(JSON.stringify({ data: Array.from({ length: 20_000 }, (_, index) => [index, Math.sin(index)]) })));
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n`;
      coordinator.answer = (socket) => {
        socket.write(`${head}Content-Length: ${page.length}\r\n\r\n`);
        socket.write(page);
      };
      const whole = await bench.send('GET', '/oauth2/x');
      assert.deepEqual(
        [whole.headers['content-encoding'], whole.headers['content-length'], whole.body.equals(page)],
        [coding, String(page.length), true],
      );
      coordinator.answer = (socket) => {
        socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
        for (let at = 0; at < page.length; at += 7_777) {
          const slice = page.subarray(at, at + 7_777);
          socket.write(`${slice.length.toString(16)}\r\n`);
          socket.write(slice);
          socket.write('\r\n');
        }
        socket.write('0\r\n\r\n');
      };
      const inChunks = await bench.send('GET', '/oauth2/x');
      assert.ok(inChunks.body.equals(page));
    });
  }
});

describe('a client that goes', () => {
  it('before its answer takes its request from the coordinator with it', async (t) => {
    for (const how of ['destroy', 'reset'] as const) {
      const { bench, coordinator } = await anEdge(t);
      let isGone = false;
      coordinator.answer = (socket) => socket.once('close', () => (isGone = true));
      const client = await aRawClient(bench.port);
      await client.send([getOf('x')]);
      await bench.until(() => coordinator.requests.length === 1);
      client[how]();
      await bench.until(() => isGone);
      coordinator.answer = answerOk;
      assert.equal((await bench.send('GET', '/oauth2/y')).status, 200);
    }
  });

  it('in the middle of a page of 50 MB leaves nothing running', async (t) => {
    const { bench, coordinator } = await anEdge(t);
    let isGone = false;
    coordinator.answer = (socket) => {
      socket.once('close', () => (isGone = true));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${50 * 1024 * 1024}\r\n\r\n`);
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024)));
      };
      socket.on('drain', more);
      more();
    };
    const client = await aRawClient(bench.port);
    await client.send([getOf('x')]);
    await client.until((text) => text.length > 1_000_000);
    client.reset();
    await bench.until(() => isGone);
  });
});

describe('many connections', () => {
  it('of which 500 are idle cost the next client nothing, and all are still good', async (t) => {
    const { bench } = await anEdge(t);
    const idle = await Promise.all(Array.from({ length: 500 }, () => aRawClient(bench.port)));
    assert.equal((await bench.send('GET', '/oauth2/x')).status, 200);
    await Promise.all(idle.map((client) => client.send([getOf('x')])));
    await Promise.all(idle.map((client) => client.answers(1)));
    assert.ok(idle.every(({ statuses }) => statuses[0] === 200));
    for (const client of idle) client.destroy();
  });
});

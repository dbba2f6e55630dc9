// Connections that go wrong without a word: hosts that vanish, clients that hang up again and again, or that never come to an end.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { aRawClient } from './http/raw-client.ts';
import { aRawCoordinator, answerOk } from './http/raw-coordinator.ts';
import { anEntry, asleep, aTrino, createBench, runningOn } from './setup.ts';

const executing = '/v1/statement/executing/20260101_000000_00001_abcde/y1/1';

describe('a coordinator whose host vanishes, so that no connection is closed', () => {
  it('costs one poll 20 s, however many connections there were to it, and is asked again by a new one', async (t) => {
    const coordinator = await aRawCoordinator(t);
    const entry = anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url, coordinatorId: 'abcde' });
    const bench = await createBench(t, { routes: [entry] });
    const waiting: (() => void)[] = [];
    coordinator.answer = (socket) => {
      waiting.push(() => answerOk(socket));
      if (waiting.length === 4) for (const answer of waiting) answer();
    };
    await Promise.all(Array.from({ length: 4 }, () => bench.send('GET', executing)));
    coordinator.answer = (socket, { connection }) => {
      if (connection > 4) answerOk(socket);
    };
    const { answer } = await bench.begin('GET', executing);
    await bench.until(() => coordinator.requests.length === 5);
    bench.clock.advance(20_000);
    const { page } = await bench.drive(answer);
    assert.deepEqual([page.nextUri, page.error], [`${bench.origin}${executing}`, undefined]);
    assert.equal((await bench.send('GET', executing)).text, 'hi');
    assert.deepEqual(
      coordinator.requests.slice(4).map(({ connection }) => connection > 4),
      [false, true],
    );
  });
});

describe('a client that hangs up in the middle of a poll, again and again', () => {
  it('1,000 times, disturbs nobody: no other poll of that coordinator fails or waits, and its own page is still to be had', async (t) => {
    const coordinator = await aRawCoordinator(t);
    const entry = anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url, coordinatorId: 'abcde' });
    const bench = await createBench(t, { routes: [entry] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    let isAsked: (() => void) | undefined;
    coordinator.answer = (socket, { what }) => {
      if (what.includes('00001_abcde')) isAsked?.();
      else answerOk(socket);
    };
    for (let times = 1; times <= 1_000; times += 1) {
      const asked = new Promise<void>((resolve) => (isAsked = resolve));
      const client = await aRawClient(bench.port);
      await client.send([`GET ${executing} HTTP/1.1\r\nHost: a\r\n\r\n`]);
      await asked;
      if (times % 2 === 0) client.destroy();
      else client.reset();
      if (times % 50 === 0) assert.equal((await bench.send('GET', executing.replace('00001', '00002'), { agent })).text, 'hi');
    }
    coordinator.answer = answerOk;
    assert.equal((await bench.send('GET', executing)).text, 'hi');
    assert.ok(
      coordinator.requests.every(({ what }) => what.startsWith('GET ')),
      'and nothing was cancelled',
    );
  });

  it('while its statement waits, loses neither its place nor that of others', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [asleep] });
    const { page } = await bench.drive(bench.post('SELECT 1'));
    const { pathname } = new URL(page.nextUri ?? '');
    const other = await bench.drive(bench.post('SELECT 2'));
    for (let times = 0; times < 100; times += 1) {
      const client = await aRawClient(bench.port);
      await client.send([`GET ${pathname} HTTP/1.1\r\nHost: localhost:${bench.port}\r\n\r\n`]);
      client.reset();
      await client.closed;
    }
    bench.route(runningOn(trino));
    for (const one of [other.page, page]) assert.deepEqual((await bench.follow(one)).data, [[1]]);
    assert.equal(trino.queries.size, 2);
  });
});

describe('clients that never come to an end', () => {
  it('of their heads or bodies, 200 of them, keep nobody else from being served', async (t) => {
    const trino = await aTrino(t);
    const bench = await createBench(t, { routes: [runningOn(trino)] });
    const slow = await Promise.all(Array.from({ length: 200 }, () => aRawClient(bench.port)));
    const head = 'POST /v1/statement HTTP/1.1\r\nHost: a\r\nX-Trino-User: eve\r\nContent-Length: 1000\r\n';
    for (const [index, client] of slow.entries()) await client.send([index % 2 === 0 ? head : `${head}\r\nSELECT`]);
    assert.deepEqual((await bench.follow((await bench.post('SELECT 1')).page)).data, [[1]]);
    bench.clock.advance(120_001);
    for (const client of slow) await client.send(['x']);
    await Promise.all(slow.map(({ closed }) => closed));
    assert.equal(trino.count('POST'), 1);
  });
});

describe('a client that takes nothing for a while', () => {
  for (const size of [60_000, 200_000])
    it(`gets the very bytes that were sent to it, whatever others have taken in the meantime: pages of ${size}`, async (t) => {
      const coordinator = await aRawCoordinator(t);
      const entry = anEntry({ state: 'RUNNING', coordinatorUrl: coordinator.url, coordinatorId: 'abcde' });
      const bench = await createBench(t, { routes: [entry] });
      coordinator.answer = (socket, { what }) => {
        const letter = what.includes('00001_abcde') ? 'a' : 'b';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${letter.repeat(size)}`);
      };
      const pages = Math.round(20_000_000 / size);
      const slow = await aRawClient(bench.port);
      slow.pause();
      await slow.send([`GET ${executing} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(pages)]);
      // Real time: kernel buffers fill on their own.
      for (let before = -1; before !== coordinator.requests.length;) {
        before = coordinator.requests.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(coordinator.requests.length < pages, 'all of it went into the buffers of the kernel');
      for (let times = 0; times < 50; times += 1)
        assert.equal((await bench.send('GET', executing.replace('00001', '00002'))).text, 'b'.repeat(size));
      slow.resume();
      // Its length first: to look into a text that has grown piece by piece costs as much as all of it.
      await slow.until((text) => text.length > pages * size && text.length === pages * (text.indexOf('\r\n\r\n') + 4 + size));
      assert.deepEqual(new Set(slow.text.match(/(?<=\r\n\r\n)[^H]+/g)), new Set(['a'.repeat(size)]));
    });
});

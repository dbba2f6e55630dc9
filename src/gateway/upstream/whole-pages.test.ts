import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import type { ClientExchange } from '../http/client-exchange.ts';
import type { AnswerReader } from './coordinator-connection.ts';
import type { CoordinatorAnswer } from './coordinator-request.ts';
import { relay } from './relay.ts';
import { WholePage, type WholePages } from './whole-pages.ts';

const aPiece = 64 * 1024;

function bytesOf(page: WholePage): Buffer {
  const slices: Buffer[] = [];
  page.addTo({ add: (slice) => void slices.push(Buffer.from(slice as Buffer)) });
  return Buffer.concat(slices);
}

/** A socket of the kernel takes more than a page here: one that does not is pretended. */
async function pass(all: WholePages, client: Partial<ClientExchange>, read: (reader: AnswerReader) => void): Promise<void> {
  const exchange = { begin() {}, add() {}, end: () => false, destroy() {}, needsDrain: false, ...client };
  const answer = { head: { headers: [] }, connection: { read } } as unknown as CoordinatorAnswer;
  const whole = new WholePage(all, createFakeClock());
  await relay(answer, exchange as unknown as ClientExchange, { coordinatorId: undefined, prefix: '', watch: undefined, whole });
}

describe('a page that is kept whole', () => {
  it('is what was put into it, whatever the pieces, and nothing of who had its memory before', () => {
    const all: WholePages = { blocks: 0 };
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 150_000 }), { maxLength: 8 }), (sizes) => {
        const page = new WholePage(all, createFakeClock());
        const pieces = sizes.map((size, index) => Buffer.alloc(size, 65 + index));
        for (const piece of pieces) {
          const passing = Buffer.from(piece);
          page.add(passing);
          assert.ok(page.keep());
          passing.fill(0);
        }
        assert.ok(bytesOf(page).equals(Buffer.concat(pieces)));
        page.close(true);
      }),
    );
    assert.equal(all.blocks, 0);
  });

  it('waits for its end up to 2 MiB', () => {
    const page = new WholePage({ blocks: 0 }, createFakeClock());
    for (let size = 0; size < 2 * 1024 * 1024; size += aPiece) {
      page.add(Buffer.alloc(aPiece));
      assert.ok(page.keep(), `${size}`);
    }
    assert.equal(page.keep(), false);
  });

  it('waits for its end up to 5 s', () => {
    const clock = createFakeClock();
    const page = new WholePage({ blocks: 0 }, clock);
    clock.advance(4_999);
    assert.ok(page.keep());
    clock.advance(1);
    assert.equal(page.keep(), false);
  });

  it('does not wait where all pages have 64 MiB, until one of them has gone', () => {
    const all: WholePages = { blocks: 0 };
    const others = Array.from({ length: 64 }, () => new WholePage(all, createFakeClock()));
    for (const other of others) {
      other.add(Buffer.alloc(1024 * 1024));
      assert.ok(other.keep());
    }
    const page = new WholePage(all, createFakeClock());
    page.add(Buffer.from('[1]'));
    assert.equal(page.keep(), false);
    assert.equal(bytesOf(page).toString(), '[1]');
    others[0]?.close(false);
    assert.ok(page.keep());
  });

  it('is not copied when all of it comes at once', async () => {
    const all: WholePages = { blocks: 0 };
    const slices = [Buffer.from('[1,'), Buffer.from('2]')];
    const added: Buffer[] = [];
    await pass(all, { add: (slice) => added.push(slice as Buffer) }, (reader) => {
      for (const slice of slices) reader.onData(slice);
      assert.equal(reader.onRead(true), false, 'the client still needs what was read');
    });
    assert.equal(all.blocks, 0);
    assert.ok(added.length === 2 && added.every((slice, index) => slice === slices[index]));
  });

  it('counts until its client has taken it', async () => {
    const all: WholePages = { blocks: 0 };
    const taken: (() => void)[] = [];
    await pass(all, { needsDrain: true, onTaken: (listener) => taken.push(listener) }, (reader) => {
      reader.onData(Buffer.alloc(3 * aPiece));
      assert.equal(reader.onRead(false), true, 'it has been copied');
      reader.onData(Buffer.alloc(10));
      assert.equal(reader.onRead(true), false, 'the client still needs what was read');
    });
    assert.equal(all.blocks, 3);
    for (const listener of taken) listener();
    assert.equal(all.blocks, 0);
  });

  it('counts no more when the coordinator breaks off', async () => {
    const all: WholePages = { blocks: 0 };
    await pass(all, {}, (reader) => {
      reader.onData(Buffer.alloc(3 * aPiece));
      reader.onRead(false);
      assert.equal(all.blocks, 3);
      reader.onBroken(new Error('reset'));
    });
    assert.equal(all.blocks, 0);
  });

  it('leaves its memory to nobody while some of it is on its way to a client', async () => {
    const all: WholePages = { blocks: 0 };
    for (const needsDrain of [false, true]) {
      const added: Buffer[] = [];
      await pass(all, { needsDrain, add: (slice) => added.push(slice as Buffer), onTaken: (listener) => listener() }, (reader) => {
        reader.onData(Buffer.alloc(2 * aPiece, 'a'));
        reader.onRead(false);
        reader.onRead(true);
      });
      const next = new WholePage(all, createFakeClock());
      next.add(Buffer.alloc(4 * aPiece, 'b'));
      assert.ok(next.keep());
      assert.ok(Buffer.concat(added).equals(Buffer.alloc(2 * aPiece, 'a')));
    }
  });
});

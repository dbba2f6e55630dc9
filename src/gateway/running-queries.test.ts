// How many queries run on a runtime, as a gateway knows it from the pages that it passes on (trino-protocol 1.2).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { createFakeClock, type FakeClock } from '../../test/fakes/fake-clock.ts';
import { createRunningQueries, type PageWatch, type RunningQueries } from './running-queries.ts';

const id = '20261121_120000_00001_abcde';
const pageOf = (more: string): Buffer => Buffer.from(`{"id":"${id}","infoUri":"http://gw/ui/query.html?${id}",${more}}`);
const nextPage = pageOf('"nextUri":"http://gw/v1/statement/executing/x/y/1","data":[[1]]');
const lastPage = pageOf(`"columns":[],"data":[["${'"nextUri":'.repeat(3)}"]]`);

interface Bench {
  readonly clock: FakeClock;
  readonly running: RunningQueries;
  readonly ended: string[];
  isAwaited: boolean;
}

function aBench(): Bench {
  const clock = createFakeClock();
  const ended: string[] = [];
  const running = createRunningQueries({ clock, isAwaited: () => bench.isAwaited, onEnded: (runtime) => ended.push(runtime) });
  const bench: Bench = { clock, running, ended, isAwaited: false };
  return bench;
}

function begin(watch: PageWatch, coding?: string, status = 200): void {
  const headers: [string, string][] = coding === undefined ? [] : [['Content-Encoding', coding]];
  watch.begin({ status, reason: '', headers, body: 'chunked', declaredLength: undefined, keepsAlive: true });
}

function pass(running: RunningQueries, page: Buffer, coding?: string, sliceBytes = page.length): void {
  const watch = running.asked(id, 'team/a', 1);
  begin(watch, coding);
  for (let at = 0; at < page.length && watch.take(page.subarray(at, at + sliceBytes)); at += sliceBytes);
  watch.close();
}

it('a query runs from its hand-over to its last page, however that is cut up', () => {
  for (const sliceBytes of [1, 7, 100, 10_000]) {
    const { running, ended } = aBench();
    running.seen(id, 'team/a');
    pass(running, nextPage, undefined, sliceBytes);
    assert.equal(running.countOf('team/a'), 1);
    pass(running, lastPage, undefined, sliceBytes);
    assert.deepEqual(ended, ['team/a'], 'told before anybody asks');
    assert.equal(running.countOf('team/a'), 0);
  }
});

it('the same when pages are packed: seen at once when somebody waits, else when somebody asks', () => {
  for (const [coding, pack] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    for (const isAwaited of [true, false]) {
      const bench = aBench();
      bench.isAwaited = isAwaited;
      pass(bench.running, pack(nextPage), coding, 50);
      assert.equal(bench.running.countOf('team/a'), 1);
      pass(bench.running, pack(lastPage), coding, 50);
      assert.equal(bench.ended.length, isAwaited ? 1 : 0, coding);
      assert.equal(bench.running.countOf('team/a'), 0);
      assert.equal(bench.ended.length, 1);
    }
  }
});

it('of a long page only the first bytes are looked at, packed or not', () => {
  const rows = Array.from({ length: 50_000 }, (_, row) => `[${(row * 7_919) % 65_537}]`).join(',');
  const long = pageOf(`"nextUri":"http://gw/v1/statement/executing/x/y/1","data":[${rows}]`);
  for (const [coding, page] of [
    [undefined, long],
    ['gzip', gzipSync(long)],
  ] as const) {
    const watch = aBench().running.asked(id, 'team/a', 1);
    begin(watch, coding);
    assert.equal(watch.take(page.subarray(0, 16_384)), false);
  }
});

it('a query ends with a cancel, with a page that nobody knows, and after a silence longer than any client pauses', () => {
  const { running, clock } = aBench();
  running.seen(id, 'team/a');
  running.ended(id);
  assert.equal(running.countOf('team/a'), 0);
  begin(running.asked(id, 'team/a', 1), undefined, 404);
  assert.equal(running.countOf('team/a'), 0);
  running.seen(id, 'team/a');
  clock.advance(15_500);
  assert.equal(running.countOf('team/a'), 1, 'the Go client pauses for 15 s');
  clock.advance(5_000);
  assert.equal(running.countOf('team/a'), 0);
});

it('a query that is asked for once more while its former end is under way is counted once, and ends', () => {
  const { running, clock } = aBench();
  const page = running.asked(id, 'team/a', 1);
  begin(page);
  running.ended(id);
  const again = running.asked(id, 'team/a', 1);
  page.take(lastPage);
  page.close();
  assert.equal(running.countOf('team/a'), 1);
  begin(again);
  again.take(lastPage);
  again.close();
  assert.equal(running.countOf('team/a'), 0);
  clock.advance(60_000);
  assert.equal(running.countOf('team/a'), 0);
});

it('whatever is asked for, ends and comes back in whatever order: once nobody asks any more, nothing counts', () => {
  const ids = [id, id.replace('00001', '00002')];
  const step = fc.record({
    what: fc.constantFrom('seen', 'ask', 'last', 'next', 'gone', 'close', 'end', 'count'),
    id: fc.constantFrom(...ids),
    watch: fc.nat(4),
    laterMs: fc.constantFrom(0, 0, 1_000, 21_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { running, clock } = aBench();
      const open: PageWatch[] = [];
      for (const { what, id: queryId, watch: at, laterMs } of steps) {
        clock.advance(laterMs);
        const watch = open[at % Math.max(1, open.length)];
        if (what === 'seen') running.seen(queryId, 'team/a');
        else if (what === 'ask') open.push(running.asked(queryId, 'team/a', 1));
        else if (what === 'end') running.ended(queryId);
        else if (what === 'count') assert.ok(running.countOf('team/a') <= ids.length);
        else if (watch === undefined) continue;
        else if (what === 'close') open.splice(open.indexOf(watch), 1)[0]?.close();
        else {
          begin(watch, undefined, what === 'gone' ? 404 : 200);
          if (what !== 'gone') watch.take(what === 'last' ? lastPage : nextPage);
        }
      }
      for (const watch of open) watch.close();
      clock.advance(20_000);
      assert.equal(running.countOf('team/a'), 0);
    }),
  );
});

it('a page that is read slowly is no silence, and what cannot be read ends nothing', () => {
  const { running, clock } = aBench();
  const watch = running.asked(id, 'team/a', 1);
  begin(watch, 'gzip');
  watch.take(Buffer.from('no gzip at all'));
  clock.advance(60_000);
  assert.equal(running.countOf('team/a'), 1);
  watch.close();
  clock.advance(19_000);
  assert.equal(running.countOf('team/a'), 1);
  clock.advance(1_000);
  assert.equal(running.countOf('team/a'), 0);
});

it('of a query that goes through several gateways in turn each counts what is asked for there: their sum is one', () => {
  const { running, clock } = aBench();
  running.seen(id, 'team/a');
  assert.equal(running.shareOf('team/a'), 1, 'handed over here');
  for (const page of [2, 4, 6, 8, 10, 12, 14, 16, 18]) {
    const watch = running.asked(id, 'team/a', page);
    assert.equal(running.shareOf('team/a'), 1, 'while it is asked for here');
    watch.close();
    assert.equal(running.shareOf('team/a'), 0, 'and elsewhere');
    assert.equal(running.countOf('team/a'), 1, 'though it may go on here, and takes a place');
  }
  for (let page = 19; page < 27; page += 1) running.asked(id, 'team/a', page).close();
  clock.advance(19_000);
  assert.equal(running.shareOf('team/a'), 1, 'it has stayed, and reads');
  running.ended(id);
  assert.equal(running.shareOf('team/a'), 0);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readLastLines, readLogFile } from './log-files.ts';
import { createLogWriter } from './log-writer.ts';

async function setUp(t: TestContext, maxBytes = 1_000_000) {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-logs-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, '0.log');
  const time = { at: Date.parse('2026-01-01T00:00:00Z') };
  const writer = createLogWriter({ file, maxBytes, now: () => time.at });
  return { file, time, writer };
}

async function collect(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

test('lines are joined from chunks per stream, and come back whole, last, since, or with their times', async (t) => {
  const { file, time, writer } = await setUp(t);
  writer.write('stdout', 'a\nb');
  writer.write('stderr', 'e\n');
  time.at += 10_000;
  writer.write('stdout', 'b\nc\n');
  writer.close();
  const source = { file, ended: AbortSignal.abort(), nowAt: time.at };
  assert.equal(await collect(readLogFile(source, {})), 'a\ne\nbb\nc\n');
  assert.equal(await collect(readLogFile(source, { tailLines: 2 })), 'bb\nc\n');
  assert.equal(await collect(readLogFile(source, { tailLines: 0 })), '');
  assert.equal(await collect(readLogFile(source, { sinceSeconds: 5 })), 'bb\nc\n');
  assert.equal(await collect(readLogFile(source, { tailLines: 1, timestamps: true })), '2026-01-01T00:00:10.000Z c\n');
  assert.deepEqual(await readLastLines(file, 1), ['c']);
});

test('a log keeps to twice its bound and the newest lines', async (t) => {
  const { file, time, writer } = await setUp(t, 1_000);
  for (let line = 0; line < 500; line++) writer.write('stdout', `line ${line}\n`);
  writer.close();
  assert.ok((await stat(file)).size <= 1_000);
  assert.ok((await stat(`${file}.1`)).size <= 1_000);
  const text = await collect(readLogFile({ file, ended: AbortSignal.abort(), nowAt: time.at }, {}));
  assert.match(text, /line 498\nline 499\n$/);
});

test('following gives what comes later, and ends with the run', async (t) => {
  const { file, time, writer } = await setUp(t);
  const run = new AbortController();
  writer.write('stdout', 'first\n');
  let text = '';
  for await (const chunk of readLogFile({ file, ended: run.signal, nowAt: time.at }, { follow: true })) {
    text += chunk;
    if (chunk === 'first\n') writer.write('stdout', 'second\n');
    if (chunk === 'second\n') {
      writer.close();
      run.abort();
    }
  }
  assert.equal(text, 'first\nsecond\n');
});

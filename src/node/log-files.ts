// Reads what the supervisor wrote of a container's output (log-writer.ts), and follows it.
import { watch } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LogOptions } from '#kube/port.ts';

/** Of one run; `restartCount` numbers the runs of a container. */
export function logFileOf(podDirectory: string, restartCount: number): string {
  return join(podDirectory, 'logs', `${restartCount}.log`);
}

export interface LogSource {
  readonly file: string;
  /** Aborts when the run is over: following ends there. */
  readonly ended: AbortSignal;
  /** Epoch ms. */
  readonly nowAt: number;
}

/** Lines of the run, oldest first, in chunks of whole lines. A run without output gives nothing. */
export async function* readLogFile(source: LogSource, options: LogOptions): AsyncGenerator<string> {
  const since = options.sinceSeconds === undefined ? '' : new Date(source.nowAt - options.sinceSeconds * 1000).toISOString();
  const text = (await readOr(`${source.file}.1`)) + (await readOr(source.file));
  let position = (await stat(source.file).catch(() => undefined))?.size ?? 0;
  const lines = splitLines(text).filter((line) => line >= since);
  const tail = options.tailLines === undefined ? lines : options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
  const format = (line: string): string => `${options.timestamps === true ? line : withoutTime(line)}\n`;
  if (tail.length > 0) yield tail.map(format).join('');
  if (options.follow !== true) return;

  const stop = options.signal === undefined ? source.ended : AbortSignal.any([source.ended, options.signal]);
  let partial = '';
  for await (const _ of changesOf(source.file, stop)) {
    const { chunk, nextPosition } = await readFrom(source.file, position);
    position = nextPosition;
    const complete = (partial + chunk).split('\n');
    partial = complete.pop() ?? '';
    if (complete.length > 0) yield complete.map(format).join('');
  }
}

/** The last `count` lines without their times. */
export async function readLastLines(file: string, count: number): Promise<readonly string[]> {
  return splitLines(await readOr(file))
    .slice(-count)
    .map(withoutTime);
}

function withoutTime(line: string): string {
  return line.slice(line.indexOf(' ') + 1);
}

function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  lines.pop(); // after the last newline
  return lines;
}

async function readOr(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function readFrom(file: string, position: number): Promise<{ readonly chunk: string; readonly nextPosition: number }> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return { chunk: '', nextPosition: position };
  try {
    const { size } = await handle.stat();
    const from = size < position ? 0 : position; // rotated: the new file begins at nothing
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    return { chunk: buffer.toString('utf8', 0, bytesRead), nextPosition: from + bytesRead };
  } finally {
    await handle.close();
  }
}

/** One tick at the beginning, one per change, one at the end. */
async function* changesOf(file: string, stop: AbortSignal): AsyncGenerator<void> {
  let wake = Promise.withResolvers<void>();
  const ring = (): void => wake.resolve();
  const watcher = watch(dirname(file), { persistent: false }, ring);
  stop.addEventListener('abort', ring, { once: true });
  try {
    yield;
    while (!stop.aborted) {
      await wake.promise;
      wake = Promise.withResolvers<void>();
      yield;
    }
    yield;
  } finally {
    watcher.close();
    stop.removeEventListener('abort', ring);
  }
}

// The watch stream: JSON lines in any chunking to events. What is not a well-formed event is an error, never skipped: a
// skipped line would be a lost event (the caller resumes from its last version instead).
import type { KubeObject } from '#core/objects.ts';
import { KubeError } from '../errors.ts';
import type { WatchEvent } from '../port.ts';
import { errorOfStatus, isStatus } from './answers.ts';

/** Above what etcd can store in one object (1.5 MiB by default) by far; a longer line is not an event. */
const maxLineBytes = 32 * 1024 * 1024;
const newline = 0x0a;

/** Lines of a byte stream without their ends; a last line without newline counts. Throws KubeError for an endless line. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      partBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    partBytes += chunk.length - start;
    if (partBytes > maxLineBytes) throw badStream(`a line is longer than ${maxLineBytes} bytes`);
  }
  if (partBytes > 0) yield Buffer.concat(parts).toString('utf8');
}

/** Throws KubeError: the Status of an ERROR event, or Unreachable for what is no event. */
export function parseWatchLine<T extends KubeObject>(line: string): WatchEvent<T> {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw badStream(`a line is not JSON (${line.length} characters)`, error);
  }
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) throw badStream('a line is not an event');
  const { type, object } = event;
  if (type === 'ERROR') throw isStatus(object) ? errorOfStatus(object, 500) : badStream('an ERROR event without a Status');
  if (!isVersioned(object)) throw badStream('an event without metadata.resourceVersion');
  if (type === 'BOOKMARK') return { type, object };
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object: object as unknown as T };
  throw badStream(`an event of unknown type ${JSON.stringify(type)}`);
}

function isVersioned(object: unknown): object is { readonly metadata: { readonly resourceVersion: string } } {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return false;
  const { metadata } = object;
  return typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata && typeof metadata.resourceVersion === 'string';
}

/** Code 0: the stream is broken, the version before it is still good. */
function badStream(what: string, cause?: unknown): KubeError {
  return new KubeError({ code: 0, reason: 'Unreachable', message: `the watch stream broke: ${what}`, cause });
}

// One HTTP request and its answer: reading the body, writing JSON or YAML with the warnings of the request. It knows media
// types and limits, not resources.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KubeError } from '#kube/errors.ts';
import { decodeProtobuf } from './protobuf.ts';
import { badRequest, unsupportedMediaType } from './refusals.ts';

/** As a real API server: 3 MiB of request body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly warnings: string[];
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

export function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The parsed body, undefined when empty. Throws 400, 413, 415. */
export async function readBody({ request }: Exchange): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early must not cut the connection: the refusal still has to go out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new KubeError({ code: 413, reason: 'RequestEntityTooLarge', message: `Request entity too large: limit is ${MAX_BODY_BYTES}` });
    }
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const contentType = contentTypeOf(request);
  if (contentType === 'application/vnd.kubernetes.protobuf' && bytes > 0) {
    return decodeProtobuf(body);
  }
  const text = body.toString('utf8');
  if (text.trim() === '') {
    return undefined;
  }
  if (contentType.includes('cbor')) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format (${contentType}) - accepted media types include: application/json, application/yaml`,
    );
  }
  if (!contentType.endsWith('yaml') && !contentType.endsWith('json')) {
    const accepted = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted}`);
  }
  return contentType.endsWith('yaml') ? await parseYaml(text) : parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body of the request is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function parseYaml(text: string): Promise<unknown> {
  // kubectl sends JSON under the YAML media types.
  if (text.trimStart().startsWith('{')) {
    return parseJson(text);
  }
  const { JSON_SCHEMA, load } = await import('js-yaml');
  try {
    return load(text, { schema: JSON_SCHEMA });
  } catch (error) {
    throw badRequest(`the body of the request is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** RFC 9111 warn-text: one line, quoted. */
function warningHeader(message: string): string {
  const text = message
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
  return `299 - "${text.slice(0, 1_024)}"`;
}

export async function answer(
  { response, warnings }: Exchange,
  code: number,
  body: unknown,
  contentType = 'application/json',
): Promise<void> {
  const payload = Buffer.from(
    contentType === 'application/yaml' ? (await import('js-yaml')).dump(body, { noRefs: true }) : `${JSON.stringify(body)}\n`,
  );
  response.statusCode = code;
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', payload.length);
  if (warnings.length > 0) {
    response.setHeader('warning', [...new Set(warnings)].map(warningHeader));
  }
  response.end(payload);
}

export function answerText({ response }: Exchange, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

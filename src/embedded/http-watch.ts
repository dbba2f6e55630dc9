// Watches over HTTP: one JSON event per line, objects in the view the client accepts, ended by timeoutSeconds, by the
// client, or by an ERROR event with a Status.
import type { KubeError } from '#kube/errors.ts';
import type { ListOptions } from '#kube/port.ts';
import type { Exchange } from './http-exchange.ts';
import { apiVersionIn } from './registry.ts';
import type { Served } from './registry.ts';
import { chooseView } from './negotiation.ts';
import type { View } from './negotiation.ts';
import { asKubeError, invalid, statusOf } from './refusals.ts';
import type { ServerParts } from './server-parts.ts';
import { makeTable, metadataOnly } from './tables.ts';
import type { IncludeObject } from './tables.ts';
import type { AnyEvent } from './watch.ts';

/** A real API server ends watches after 30 to 60 minutes. */
const DEFAULT_TIMEOUT_SECONDS = 45 * 60;

export async function handleWatch(parts: ServerParts, exchange: Exchange, served: Served, options: ListOptions): Promise<void> {
  const { query, response, request } = exchange;
  const view = chooseView(request.headers.accept);
  if (query.get('sendInitialEvents') === 'true') {
    throw forbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled');
  }
  if ((query.get('resourceVersionMatch') ?? '') !== '') {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    throw forbiddenOption('resourceVersionMatch', why);
  }
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || DEFAULT_TIMEOUT_SECONDS;
  const ended = new AbortController();
  const cancelEnd = parts.clock.after(seconds * 1_000, () => ended.abort());
  const signal = AbortSignal.any([exchange.signal, ended.signal]);
  const where = {
    ...options,
    resourceVersion: query.get('resourceVersion') ?? '',
    endsAtMs: parts.clock.now() + seconds * 1_000,
    allowWatchBookmarks: query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1',
  };
  // Selectors and versions that cannot be read are refused before the stream opens.
  const events = parts.reads.watch(served, where, signal);
  const include = (query.get('includeObject') ?? 'Metadata') as IncludeObject;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  let isFirst = true;
  try {
    for await (const event of events) {
      const shown = showEvent(parts, served, event, view, include, isFirst);
      isFirst = false;
      if (!response.write(`${JSON.stringify(shown)}\n`)) {
        await drained(exchange, signal);
      }
    }
  } catch (error) {
    response.write(`${JSON.stringify({ type: 'ERROR', object: statusOf(asKubeError(error)) })}\n`);
  } finally {
    cancelEnd();
    response.end();
  }
}

function forbiddenOption(field: string, why: string): KubeError {
  const options = { group: 'meta.k8s.io', plural: '', kind: 'ListOptions' };
  return invalid(options, '', [{ reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` }]);
}

function drained({ response }: Exchange, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function showEvent(parts: ServerParts, served: Served, event: AnyEvent, view: View, include: IncludeObject, isFirst: boolean): unknown {
  const { type, version } = served;
  if (event.type === 'BOOKMARK') {
    const { resourceVersion } = event.object.metadata;
    const object =
      view === 'table'
        ? makeTable(served, [], { include: 'None', nowMs: 0, metadata: { resourceVersion }, omitColumns: !isFirst })
        : { kind: type.kind, apiVersion: apiVersionIn(type.group, version.name), metadata: { resourceVersion, creationTimestamp: null } };
    return { type: 'BOOKMARK', object };
  }
  switch (view) {
    case 'table': {
      const { resourceVersion } = event.object.metadata;
      return {
        type: event.type,
        object: makeTable(served, [event.object], {
          include,
          nowMs: parts.clock.now(),
          metadata: { resourceVersion },
          omitColumns: !isFirst,
        }),
      };
    }
    case 'metadata':
      return { type: event.type, object: metadataOnly(event.object) };
    default:
      return event;
  }
}

import { test } from 'node:test';
import { createMemoryKubeApi } from '../../test/fakes/memory-kube-api.ts';
import { sourcesChanged } from './pod-sources.ts';

test('waiting for the sources of a Pod that has none ends with the Pod', async () => {
  const none = { configMaps: new Set<string>(), secrets: new Set<string>() };
  const ending = new AbortController();
  const waiting = sourcesChanged(createMemoryKubeApi(), 'team', none, { configMaps: new Map(), secrets: new Map() }, ending.signal);
  ending.abort();
  await waiting;
});

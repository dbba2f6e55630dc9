import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../errors.ts';
import { configMaps } from '../resources.ts';
import * as requests from './request.ts';
import { maxRetries, retryDelayMs } from './retry.ts';
import type { HttpCall } from './transport.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'team' } };
const by = { fieldManager: 'test' };
const calls: Readonly<Record<string, HttpCall>> = {
  get: requests.getRequest(configMaps, object.metadata),
  list: requests.listRequest(configMaps, {}),
  create: requests.createRequest(configMaps, object, by),
  replace: requests.replaceRequest(configMaps, object, by),
  merge: requests.patchRequest(configMaps, object.metadata, 'merge', {}, by),
  'json patch': requests.patchRequest(configMaps, object.metadata, 'json', [], by),
  apply: requests.applyRequest(configMaps, object, by),
  remove: requests.removeRequest(configMaps, object.metadata, {}),
};

const answer = (code: number, retryAfterMs?: number): KubeError =>
  new KubeError({ code, reason: 'InternalError', message: 'm', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
const broken = (code: string): KubeError =>
  new KubeError({ code: 0, reason: 'Unreachable', message: 'm', cause: Object.assign(new Error('m'), { code }) });
const retried = (error: KubeError): string[] =>
  Object.keys(calls).filter((name) => retryDelayMs(error, calls[name] as HttpCall, 0, () => 0.5) !== undefined);

test('what the server turned away unread is tried again whatever it was', () => {
  assert.deepEqual(retried(answer(429)), Object.keys(calls));
});

test('what may have been done is tried again only when doing it twice is doing it once, and the server says when', () => {
  const safe = ['get', 'list', 'replace', 'merge', 'apply', 'remove'];
  assert.deepEqual(retried(answer(503, 1_000)), safe);
  assert.deepEqual(retried(answer(500, 1_000)), safe);
  assert.deepEqual(retried(answer(503)), []);
  assert.deepEqual(retried(broken('ECONNRESET')), ['get', 'list']);
});

test('a refusal, a refused connection and a time-out are for the caller to know', () => {
  for (const code of [400, 401, 403, 404, 409, 410, 422]) assert.deepEqual(retried(answer(code, 0)), []);
  assert.deepEqual(retried(broken('ECONNREFUSED')), []);
  assert.deepEqual(retried(broken('UND_ERR_HEADERS_TIMEOUT')), []);
});

test('waits grow, are jittered on top of what the server names, and end', () => {
  const wait = (attempt: number, random: number, retryAfterMs?: number): number | undefined =>
    retryDelayMs(answer(429, retryAfterMs), calls['get'] as HttpCall, attempt, () => random);
  assert.deepEqual([wait(0, 0), wait(0, 1), wait(1, 1), wait(2, 1)], [125, 250, 500, 1_000]);
  assert.deepEqual([wait(0, 0, 3_000), wait(0, 1, 3_000)], [3_125, 3_250]);
  assert.equal(wait(maxRetries, 0), undefined);
  const reset = (attempt: number): number | undefined => retryDelayMs(broken('UND_ERR_SOCKET'), calls['get'] as HttpCall, attempt, () => 1);
  assert.deepEqual([reset(0), reset(1), reset(maxRetries)], [0, 500, undefined]);
});

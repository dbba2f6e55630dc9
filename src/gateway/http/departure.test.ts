import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departure } from './departure.ts';

test('everybody who listens is told once, functions and objects, and nobody who has stopped listening', () => {
  const departure = new Departure();
  const told: string[] = [];
  const listener = (name: string) => () => void told.push(name);
  const [a, b, c] = [listener('a'), { handleEvent: listener('b') }, listener('c')];
  for (const one of [a, b, c]) departure.addEventListener('abort', one);
  departure.removeEventListener('abort', a);
  departure.addEventListener('abort', listener('d'));
  departure.removeEventListener('abort', c);
  assert.equal(departure.aborted, false);
  departure.abort();
  departure.abort();
  assert.deepEqual([told.toSorted(), departure.aborted], [['b', 'd'], true]);
});

test('as a signal it is aborted with it, also when the client has gone already', () => {
  const departure = new Departure();
  const signal = departure.toSignal();
  assert.equal(signal.aborted, false);
  departure.abort();
  assert.deepEqual([signal.aborted, departure.toSignal().aborted], [true, true]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/fakes/fake-clock.ts';
import { FailedHandshakes, whyOf, type FailedHandshake } from './failed-handshakes.ts';

test('a reason is told at once, then once in ten seconds with how many there were; another reason is told at once', () => {
  const clock = createFakeClock();
  const told: FailedHandshake[] = [];
  const handshakes = new FailedHandshakes(clock, (failed) => void told.push(failed));
  for (let index = 0; index < 100; index += 1) handshakes.failed('no certificate', '10.0.0.1');
  handshakes.failed('plain HTTP', '10.0.0.2');
  clock.advance(10_000);
  handshakes.failed('no certificate', '10.0.0.3');
  assert.deepEqual(told, [
    { why: 'no certificate', clientAddress: '10.0.0.1', count: 1 },
    { why: 'plain HTTP', clientAddress: '10.0.0.2', count: 1 },
    { why: 'no certificate', clientAddress: '10.0.0.3', count: 100 },
  ]);
  assert.deepEqual(clock.pendingDelays(), []);
});

test('a probe that only connects is no news; what is wrong with a certificate comes before how the connection ended', () => {
  assert.equal(whyOf({ code: 'ECONNRESET', message: 'socket hang up' }, undefined), undefined);
  assert.equal(
    whyOf({ code: 'ECONNRESET', message: 'socket hang up' }, 'CERT_HAS_EXPIRED'),
    'its certificate is not accepted: CERT_HAS_EXPIRED',
  );
  assert.equal(whyOf({ code: 'ERR_SSL_OTHER', reason: 'no shared cipher', message: '40FD:error:0A' }, undefined), 'no shared cipher');
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseNetwork, type Network } from '#core/network.ts';
import { createSeenFrom } from './seen-from.ts';

const trusted = ['10.0.0.0/8', 'fd00::/8'].map((text) => parseNetwork(text) as Network);

function seen(clientAddress: string, ...headers: readonly (readonly [string, string])[]) {
  const {
    protocol,
    host,
    clientAddress: client,
  } = createSeenFrom(trusted)({
    clientAddress,
    isTls: false,
    head: { headers: [['Host', 'gateway:8080'], ...headers] },
  });
  return [`${protocol}://${host}`, client];
}

describe('behind a trusted proxy', () => {
  it('a client is known by what the proxy says: its address, and the scheme, host and port that it uses', () => {
    const edge = [
      ['X-Forwarded-For', '192.0.2.7'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'trino.example.com'],
    ] as const;
    assert.deepEqual(seen('10.1.2.3', ...edge), ['https://trino.example.com', '192.0.2.7']);
    assert.deepEqual(seen('10.1.2.3', ...edge, ['X-Forwarded-Port', '443']), ['https://trino.example.com', '192.0.2.7']);
    assert.deepEqual(seen('10.1.2.3', ...edge, ['X-Forwarded-Port', '8443']), ['https://trino.example.com:8443', '192.0.2.7']);
  });

  it('the client is the last hop that nobody trusted speaks for: what it wrote itself is not believed', () => {
    assert.deepEqual(seen('10.1.2.3', ['X-Forwarded-For', '203.0.113.1, 192.0.2.7, 10.9.9.9'])[1], '192.0.2.7');
    assert.deepEqual(seen('10.1.2.3', ['X-Forwarded-For', '203.0.113.1'], ['X-Forwarded-For', '192.0.2.7'])[1], '192.0.2.7');
    assert.deepEqual(seen('10.1.2.3', ['X-Forwarded-For', '10.7.7.7, 10.8.8.8'])[1], '10.7.7.7', 'inside only');
  });

  it('an entry may have a port, and one that is no address ends the list', () => {
    assert.deepEqual(seen('fd00::1', ['X-Forwarded-For', '[2001:db8::7]:4711'])[1], '2001:db8::7');
    assert.deepEqual(seen('::ffff:10.1.2.3', ['X-Forwarded-For', '192.0.2.7:4711'])[1], '192.0.2.7');
    assert.deepEqual(seen('10.1.2.3', ['X-Forwarded-For', '192.0.2.7, unknown'])[1], '10.1.2.3');
  });

  it('what is no scheme, host or port is not taken', () => {
    const wrong = [
      ['X-Forwarded-Proto', 'gopher'],
      ['X-Forwarded-Host', 'evil/../host'],
      ['X-Forwarded-Port', '1e3'],
    ] as const;
    assert.deepEqual(seen('10.1.2.3', ...wrong), ['http://gateway:8080', '10.1.2.3']);
  });
});

describe('from anybody else', () => {
  it('nothing of it is believed', () => {
    const lies = [
      ['X-Forwarded-For', '10.0.0.1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil'],
    ] as const;
    assert.deepEqual(seen('192.0.2.66', ...lies), ['http://gateway:8080', '192.0.2.66']);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNetwork, parseNetwork } from './network.ts';

test('networks and single addresses of both families are read, and nothing else', () => {
  const read = (text: string): string | undefined => {
    const network = parseNetwork(text);
    return network === undefined ? undefined : formatNetwork(network);
  };
  assert.deepEqual(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1'].map(read), ['10.0.0.0/8', '192.0.2.7/32', 'fd00::/8', '::1/128']);
  for (const wrong of [
    '',
    '10.0.0.0/33',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    'fd00::/129',
    'fd00::1::2',
    'proxy.example.com',
    '10.0.0.0/',
    '[::1]',
  ])
    assert.equal(read(wrong), undefined, wrong);
});

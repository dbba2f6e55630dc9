import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { blockOf, createAddressPool } from './addresses.ts';

test('two nodes never hold the same block, also with the same seed', async (t) => {
  const one = await createAddressPool({ seed: 'same' });
  const two = await createAddressPool({ seed: 'same' });
  t.after(() => Promise.all([one.close(), two.close()]));
  const blockOfAddress = (address: string | undefined): string => (address ?? '').split('.').slice(0, 3).join('.');
  assert.notEqual(blockOfAddress(await one.take([8080])), blockOfAddress(await two.take([8080])));
});

test('an address in use is not given twice, one whose port is taken is passed over, one given back rests', async (t) => {
  const pool = await createAddressPool({ seed: 'addresses.test' });
  t.after(() => pool.close());
  const first = await pool.take([8080]);
  assert.ok(first);
  const prefix = first.split('.').slice(0, 3).join('.');
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen({ host: `${prefix}.3`, port: 8080 }, resolve));
  t.after(() => squatter.close());
  assert.equal(first, `${prefix}.2`);
  assert.equal(await pool.take([8080]), `${prefix}.4`);
  pool.giveBack(first);
  assert.equal(await pool.take([8080]), `${prefix}.5`);
});

test('blocks are loopback addresses far from 127.0.0.0/24', () => {
  for (let index = 0; index < 300; index++) assert.match(blockOf('seed', index), /^127\.(1[6-9]|[2-9]\d|1\d\d|20\d|21[0-5])\.\d{1,3}$/);
});

test('a range of the user must be a /24 of loopback', async () => {
  for (const range of ['10.0.0.0/24', '127.0.0.0/24', '127.20.30.0/16', 'x']) {
    await assert.rejects(createAddressPool({ seed: 's', range }), { name: 'SetupError' });
  }
});

// What a start costs in writes, and that no word is lost over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XTrinode } from '#apis/v1/objects.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import { listWrites } from '../sweep/list-writes.ts';
import { awakeSpec, create, runtimeName } from '../sweep/scenarios.ts';
import { createWorld, team } from '../sweep/world.ts';

test('a start tells what it waits for, in a handful of status writes, and ends with the last word', async (t) => {
  const world = await createWorld();
  t.after(() => world.stop());
  const { api, writes } = listWrites(world.api);
  await world.startOperator(api);
  const messageOf = async (): Promise<string | undefined> => {
    const runtime = await world.api.get<XTrinode>(xtrinodes, { namespace: team, name: runtimeName });
    return runtime?.status?.conditions?.find(({ type }) => type === 'RuntimeReady')?.message;
  };
  await create(world, awakeSpec);
  await world.pass(2_200);
  assert.match((await messageOf()) ?? '', /the coordinator is starting/);
  await world.pass(30_000);
  assert.equal(await messageOf(), 'queries run on it');
  const statusWrites = writes.filter((write) => write.startsWith('apply xtrinodes/status'));
  assert.ok(statusWrites.length <= 4, statusWrites.length.toString());
  assert.ok(writes.length <= 20, writes.join('\n'));
});

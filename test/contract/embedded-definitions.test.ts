import { randomUUID } from 'node:crypto';
import { createEmbeddedApi, type EmbeddedApi } from '#embedded/embedded-api.ts';
import { systemClock as clock } from '#observe/system-clock.ts';
import { applyDefinitions, bootstrap } from '#roles/bootstrap.ts';
import { describeDefinitions } from './definitions-contract.ts';
import { describeUpgrade } from './upgrade-contract.ts';

async function open(prepare: (embedded: EmbeddedApi) => Promise<void>) {
  const embedded = await createEmbeddedApi({ file: ':memory:', clock, random: Math.random, newUid: randomUUID });
  await prepare(embedded);
  return { api: embedded.api, stop: () => embedded.stop() };
}

describeDefinitions('embedded API', { hasAdmission: false, open: () => open(({ api }) => applyDefinitions(api)) });
describeDefinitions('embedded API with admission in process', { hasAdmission: true, open: () => open(bootstrap) });
describeUpgrade('embedded API', () => open(() => Promise.resolve()));

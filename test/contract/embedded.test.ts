import { randomUUID } from 'node:crypto';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { describeKubeApi } from './kube-api-contract.ts';

describeKubeApi('embedded API in process', async () => {
  const embedded = await createEmbeddedApi({ file: ':memory:', clock: createFakeClock(), random: Math.random, newUid: randomUUID });
  embedded.startControllers();
  return { api: embedded.api, stop: () => embedded.stop() };
});

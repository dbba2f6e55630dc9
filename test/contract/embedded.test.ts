import { randomUUID } from 'node:crypto';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { describeEmbeddedApi } from './describe-kube-api.ts';

describeEmbeddedApi('embedded API in process', false, async () => {
  const embedded = await createEmbeddedApi({ file: ':memory:', clock: createFakeClock(), random: Math.random, newUid: randomUUID });
  embedded.startControllers();
  return { api: embedded.api, stop: () => embedded.stop() };
});

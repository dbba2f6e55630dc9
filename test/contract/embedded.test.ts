import { randomUUID } from 'node:crypto';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { forgetBy, historyCapacity } from './embedded-server.ts';
import { describeEmbeddedApi } from './describe-kube-api.ts';

describeEmbeddedApi('embedded API in process', false, async () => {
  const init = { file: ':memory:', clock: createFakeClock(), random: Math.random, newUid: randomUUID, historyCapacity };
  const embedded = await createEmbeddedApi(init);
  embedded.startControllers();
  return { api: embedded.api, forget: () => forgetBy(embedded.api), stop: () => embedded.stop() };
});

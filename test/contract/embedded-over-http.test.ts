import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import { silentLog } from '#observe/log.ts';
import { describeKubeApi } from './kube-api-contract.ts';

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

describeKubeApi('embedded API over loopback HTTPS', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-http-'));
  const embedded = await createEmbeddedApi({ file: join(directory, 'api.db'), clock, random: Math.random, newUid: randomUUID });
  embedded.startControllers();
  const { kubeconfigPath } = await embedded.listen({
    port: 0,
    certificateDir: join(directory, 'tls'),
    kubeconfigPath: join(directory, 'kubeconfig'),
  });
  const api = createHttpKubeApi({ clock, log: silentLog, env: {}, kubeconfigPath });
  return {
    api,
    async stop() {
      await api.close();
      await embedded.stop();
      await rm(directory, { recursive: true });
    },
  };
});

// The port beside a role's own, opened by its setting `healthListen` and closed with the role.
import { formatListenAddress, urlOfListener, type ListenAddress } from '#config/setting.ts';
import { createHealthServer, type HealthServerInit } from '#observe/health.ts';
import { bind } from './bind.ts';
import type { StartedRole } from './role-process.ts';

/** The URL under which it is served. Rejects with a SetupError where the port is taken. */
export async function serveHealth(
  name: string,
  { host, port }: ListenAddress,
  { stops, log }: StartedRole,
  init: HealthServerInit,
): Promise<string> {
  const health = createHealthServer(init);
  const option = `--health-listen ${formatListenAddress({ host, port: 0 })}`;
  const bound = await bind(`health of the ${name}`, option, port, () => health.listen(host, port));
  stops.push(() => health.stop());
  const url = urlOfListener({ host, port: bound });
  log.info('health and metrics are served', { url });
  return url;
}

// The API server as a process of its own. Any number of replicas: all it knows is in the Kubernetes API.
import { xtrinodes } from '#apis/v1/resources.ts';
import { createApiServer } from '#api-server/server.ts';
import type { ApiServerConfig } from '#config/roles.ts';
import { formatListenAddress, urlOfListener } from '#config/setting.ts';
import { bind } from './bind.ts';
import { connectCluster, waitForCluster } from './connect-cluster.ts';
import { runRole, type RoleProcess } from './role-process.ts';

export async function runApiServer(config: ApiServerConfig, process: RoleProcess): Promise<void> {
  await runRole('api-server', process, config, async (role) => {
    const { clock, signal } = process;
    const api = connectCluster(config, process, role);
    const server = createApiServer({ api, clock, log: role.log });
    const { host } = config.listen;
    // Before the cluster is there: /readyz says so, and callers get 503 instead of a refused connection.
    const option = `--listen ${formatListenAddress({ host, port: 0 })}`;
    const port = await bind('API server', option, config.listen.port, () => server.listen(host, config.listen.port));
    role.stops.push(() => server.stop());
    const { log } = role;
    await waitForCluster({ api, role: 'api-server', needs: [{ resource: xtrinodes }], clock, log, signal });
    return { at: urlOfListener({ host, port }) };
  });
}

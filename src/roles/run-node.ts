// The process node as a process of its own, on any cluster: it registers a Node and runs the Pods bound to it as local processes.
// They end with it, and run again when it comes back.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NodeConfig } from '#config/roles.ts';
import { pods } from '#kube/resources.ts';
import { connectCluster, waitForCluster } from './connect-cluster.ts';
import { createLocalNode, installTrino } from './local-node.ts';
import { runRole, type RoleProcess } from './role-process.ts';

/** Of the time to stop in, what is kept back from the processes: for the last words to the API server. */
const lastWordsMs = 5_000;

export async function runNode(config: NodeConfig, process: RoleProcess): Promise<void> {
  await runRole('node', process, config, async (role) => {
    const { clock, random, signal, env } = process;
    const { log, stops } = role;
    const api = connectCluster(config, process, role);
    // What fails for the user's reasons (Java, Maven, disk) comes first, and takes longest.
    let lastStep = '';
    const installation = await installTrino({
      trinoHome: config.trinoHome,
      offline: config.offline,
      env,
      signal,
      progress({ step, total }) {
        if (step !== lastStep) log.info('fetching Trino', { step, files: total });
        lastStep = step;
      },
    });
    await waitForCluster({ api, role: 'node', needs: [{ resource: pods }], clock, log, signal });
    if (signal.aborted) return { at: '' };
    const node = createLocalNode({
      api,
      nodeName: config.name,
      stateDir: resolve(config.stateDir ?? join(env['HOME'] ?? homedir(), '.xtrinode', 'nodes', config.name)),
      installation,
      cpuMilli: config.cpu,
      memoryBytes: config.memory,
      clock,
      random,
      log,
    });
    await node.start();
    stops.push(() => node.stop({ graceMs: Math.max(1_000, config.stopWithin - lastWordsMs) }));
    return { at: `${config.name} runs Pods of trinodb/trino:${installation.version}` };
  });
}

// What users type at a cluster, typed at both: the real kubectl prints the same on the embedded API as on a real Kubernetes, or the
// scenario says what the embedded one leaves out, and asserts how it refuses.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { namespaces, nodes } from '#kube/resources.ts';
import { applyDefinitions } from '#roles/bootstrap.ts';
import type { ContractServer } from './contract-server.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import { compareSame, compareSome, normalise, sideBySide } from './kubectl/compare-prints.ts';
import { runKubectl, type Kubectl } from './kubectl/run-kubectl.ts';
import type { Scenario, Step } from './kubectl/scenario.ts';
import { scenarios } from './kubectl/scenarios/all.ts';
import { node } from './kubectl/scenarios/manifests.ts';
import { connectRealServer } from './real-server.ts';
import { sharedCluster } from './shared-cluster.ts';

interface Side {
  readonly server: ContractServer;
  readonly kubectl: Kubectl;
}

describe('kubectl on the embedded API prints what it prints on a real one', { concurrency: 4 }, () => {
  let root: string;
  let sides: { readonly embedded: Side; readonly real: Side };
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'xtrinode-kubectl-'));
    const cluster = await sharedCluster();
    const [embedded, real] = await Promise.all([startEmbeddedServer({ log: ['first\n', 'second\n'] }), connectRealServer(cluster)]);
    const sideOf = async (name: string, server: ContractServer, kubeconfigPath: string): Promise<Side> => {
      const directory = join(root, name);
      await mkdir(directory);
      await applyDefinitions(server.api);
      await server.api.create(nodes, node, { fieldManager: 'replay' });
      const kubectl = { program: cluster.kubectl, kubeconfigPath, directory };
      // fills what kubectl keeps of the server, which commands at a time would do each for itself
      await runKubectl(kubectl, { kubectl: 'get tn,deploy' }, 'default');
      return { server, kubectl };
    };
    sides = {
      embedded: await sideOf('embedded', embedded, embedded.kubeconfigPath),
      real: await sideOf('real', real, cluster.kubeconfigPath),
    };
  });
  after(async () => {
    await Promise.all([sides.embedded.server.stop(), sides.real.server.stop()]);
    await rm(root, { recursive: true });
  });

  for (const scenario of scenarios) {
    it(scenario.name, { timeout: 180_000 }, async () => {
      await Promise.all([sides.embedded, sides.real].map(({ server }) => makeNamespace(server, scenario)));
      const differences: string[] = [];
      for (const step of scenario.steps) {
        const difference = await replay(step, scenario.namespace);
        if (difference !== undefined) differences.push(`$ kubectl ${step.kubectl}\n${difference}`);
      }
      assert.ok(differences.length === 0, `\n${differences.join('\n\n')}\n`);
    });
  }

  async function replay(step: Step, namespace: string): Promise<string | undefined> {
    const { embedded: promise } = step;
    if (promise !== undefined && 'realCannot' in promise) {
      const ours = await runKubectl(sides.embedded.kubectl, step, namespace);
      return compareSame(ours, { exitCode: 0, text: promise.prints });
    }
    const [ours, theirs] = await Promise.all([sides.embedded, sides.real].map(({ kubectl }) => runKubectl(kubectl, step, namespace)));
    assert.ok(ours !== undefined && theirs !== undefined);
    if (promise === undefined) return compareSame(ours, theirs);
    if ('leavesOut' in promise) {
      const { difference, isLess } = compareSome(ours, theirs);
      return difference ?? (isLess ? undefined : `it leaves out nothing any more (${promise.leavesOut}): promise the same`);
    }
    if (normalise(ours.text).join('\n') !== promise.refuses || ours.exitCode === 0) {
      return `it should refuse in one line:\n  ${promise.refuses}\n\n${sideBySide(ours, theirs)}`;
    }
    return compareSame(ours, theirs) === undefined ? 'the real one refuses it in the same words: promise the same' : undefined;
  }
});

async function makeNamespace({ api }: ContractServer, { namespace }: Scenario): Promise<void> {
  await api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, { fieldManager: 'replay' });
}

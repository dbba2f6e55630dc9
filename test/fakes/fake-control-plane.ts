// Programs that stand for etcd and kube-apiserver, in a directory for KUBEBUILDER_ASSETS: they tell a lifeline that they live,
// and the API server answers everything with 200. For tests of how a control plane is started and ended.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lifeline } from './lifeline.ts';

const serve = `
const argument = (name) => process.argv.find((each) => each.startsWith('--' + name + '='))?.split('=')[1];
const fs = require('node:fs');
const options = { cert: fs.readFileSync(argument('tls-cert-file')), key: fs.readFileSync(argument('tls-private-key-file')) };
require('node:https').createServer(options, (_, answer) => answer.end()).listen(argument('secure-port'), '127.0.0.1');
`;

const etcdLives = 'etcd-lives';

/** For `apiServerFirst`: a failure that comes before etcd has begun would leave a test nothing to see the end of. */
export const waitForEtcd = `while (!require('node:fs').existsSync('${etcdLives}')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);`;

export interface FakeControlPlaneInit {
  readonly lifeline: Lifeline;
  /** JavaScript that kube-apiserver runs before it serves. */
  readonly apiServerFirst?: string;
}

/** Returns the environment that makes `startRealCluster` use them. */
export async function writeFakeControlPlane(directory: string, { lifeline, apiServerFirst = '' }: FakeControlPlaneInit) {
  const [node, , live = ''] = lifeline.program(true);
  const [, , liveEtcd = ''] = lifeline.program(true, `require('node:fs').writeFileSync('${etcdLives}', '');`);
  const programs = { etcd: liveEtcd, 'kube-apiserver': `${apiServerFirst};${live};${serve}`, kubectl: '' };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(directory, name), `#!${node}\n${text}\n`);
    await chmod(join(directory, name), 0o755);
  }
  return { KUBEBUILDER_ASSETS: directory, TMPDIR: directory, HOME: directory };
}

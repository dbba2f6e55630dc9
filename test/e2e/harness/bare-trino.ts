// A coordinator of the official distribution with a configuration of the test's own, beside no control plane at all: for what a runtime
// cannot be told yet.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { findJava, javaMajorForTrino } from '#node/trino/find-java.ts';
import { findFreePort } from '../../../tools/real-cluster/free-port.ts';
import { start } from './children.ts';
import { ensureDistribution } from './distribution.ts';
import { aHome } from './up.ts';
import { eventually } from './waiting.ts';

const startMs = 5 * 60_000;
const flags = [
  '-Xmx1g',
  '-XX:TieredStopAtLevel=1',
  '--add-modules=jdk.incubator.vector',
  '--sun-misc-unsafe-memory-access=allow',
  '--enable-native-access=ALL-UNNAMED',
  '-Djdk.attach.allowAttachSelf=true',
];

/** Its address, once it has started; ended with the tests of the file. `more`: lines of its config.properties. */
export async function startBareTrino(more: readonly string[]): Promise<string> {
  const distribution = await ensureDistribution();
  const { java } = await findJava({ env: process.env, minimumMajor: javaMajorForTrino('476') });
  const home = aHome();
  for (const directory of ['data', 'catalog', 'plugin']) mkdirSync(join(home, directory));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const config = [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    `http-server.http.port=${port}`,
    'http-server.process-forwarded=true',
    `discovery.uri=${url}`,
    'internal-communication.shared-secret=of-a-test',
    'node.environment=test',
    'node.bind-ip=127.0.0.1',
    'node.internal-address=127.0.0.1',
    `catalog.config-dir=${join(home, 'catalog')}`,
    `plugin.dir=${join(home, 'plugin')}`,
    ...more,
  ];
  writeFileSync(join(home, 'config.properties'), `${config.join('\n')}\n`);
  const main = ['-cp', join(distribution, 'lib', '*'), 'io.trino.server.TrinoServer'];
  const child = start([java, ...flags, `-Dconfig=${join(home, 'config.properties')}`, ...main], { directory: join(home, 'data') });
  let hasEnded = false;
  void child.ended.then(() => (hasEnded = true));
  after(async () => {
    child.process.kill('SIGTERM');
    await child.ended;
  });
  const look = async (): Promise<true | undefined> => {
    if (hasEnded) throw new Error(`Trino ended before it was ready:\n${child.out().slice(-4_000)}${child.notes().slice(-4_000)}`);
    const info = await fetch(`${url}/v1/info`).then(
      (answer) => answer.json() as Promise<{ starting?: boolean }>,
      () => undefined,
    );
    return info?.starting === false ? true : undefined;
  };
  await eventually('a coordinator that has started', startMs, look, 200);
  return url;
}

// A real Trino by itself, without operator and node: coordinator and worker in one process, at a loopback address of its own. For tests
// of gateways that get their routes from a file.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { buildTrinoLaunch } from '#node/trino/launch.ts';
import { installTrino } from '#roles/local-node.ts';
import { start } from './children.ts';
import { aHome } from './up.ts';
import { eventually } from './waiting.ts';

export interface Coordinator {
  readonly version: string;
  readonly host: string;
  /** Where a gateway reaches it: http, port 8080. */
  readonly url: string;
}

export interface CoordinatorOptions {
  /** An unpacked distribution; default: the 483 that is put together from Maven. */
  readonly trinoHome?: string;
  /** Lines of config.properties besides those that it needs to run at all. `{etc}` is the directory of its files. */
  readonly config?: readonly string[];
  /** More files, by their path there. */
  readonly files?: Readonly<Record<string, string>>;
  /** Key and certificate in PEM for its address, in the file server.pem. */
  readonly certificateFor?: (host: string) => string;
}

const startMs = 3 * 60_000;
const etc = '/etc/trino';
let count = 0;

const catalogs = {
  'catalog/tpch.properties': 'connector.name=tpch\n',
  'catalog/memory.properties': 'connector.name=memory\nmemory.max-data-per-node=256MB\n',
};

export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const { trinoHome, config = [], files = {}, certificateFor } = options;
  const installation = await installTrino({
    trinoHome,
    env: process.env,
    offline: false,
    progress: () => undefined,
    signal: AbortSignal.timeout(startMs * 5),
  });
  count += 1;
  // Of this process alone: nothing else on the machine has a port there.
  const host = `127.201.${process.pid % 250}.${count}`;
  const root = join(aHome(), 'root');
  const configuration = [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    'http-server.http.port=8080',
    `discovery.uri=http://${host}:8080`,
    'http-server.process-forwarded=true',
    'query.max-memory=1GB',
    ...config,
  ];
  const all = new Map(
    Object.entries({
      ...catalogs,
      ...files,
      ...(certificateFor === undefined ? {} : { 'server.pem': certificateFor(host) }),
      'config.properties': `${configuration.join('\n')}\n`,
      'node.properties': 'node.environment=test\n',
      'jvm.config': '-Xmx1536m\n-XX:+UseSerialGC\n--add-modules=jdk.incubator.vector\n--sun-misc-unsafe-memory-access=allow\n',
    }).map(([path, text]) => [join(etc, path), text.replaceAll('{etc}', join(root, etc))]),
  );
  const namesFile = join(root, 'names');
  for (const [path, text] of [...[...all].map(([path, text]) => [join(root, path), text] as const), [namesFile, ''] as const]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const launch = buildTrinoLaunch({ installation, root, podIP: host, files: all, namesFile });
  if (launch === undefined) throw new Error('no config.properties');
  for (const directory of launch.directories) await mkdir(directory, { recursive: true });
  await symlink(launch.link.target, launch.link.path);
  const child = start([launch.command, ...launch.args], { env: { ...process.env, ...launch.env }, directory: launch.workingDirectory });
  after(async () => {
    child.process.kill('SIGKILL');
    await child.ended;
  });
  let hasEnded = false;
  void child.ended.then(() => (hasEnded = true));
  const url = `http://${host}:8080`;
  await eventually(`Trino ${installation.version} at ${url}`, startMs, async () => {
    if (hasEnded) throw new Error(`Trino ${installation.version} has ended:\n${child.out()}${child.notes()}`.slice(-8_000));
    const answer = await fetch(`${url}/v1/info`).catch(() => undefined);
    return answer?.ok === true && !((await answer.json()) as { readonly starting: boolean }).starting;
  });
  return { version: installation.version, host, url };
}

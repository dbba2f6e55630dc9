// Everything that must be so before a container starts, made so: files below the Pod's root, environment, command line. For a
// Trino image the command line is trino/launch.ts; a host image runs the container's own command.
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBytes } from '#core/quantity.ts';
import type { Container, Pod } from '#core/objects.ts';
import { nicenessOf, withNiceness } from './cpu-weight.ts';
import { buildContainerEnv, expandVariables } from './container-env.ts';
import type { LocalImage } from './images.ts';
import { MissingSource, type PodSources } from './pod-sources.ts';
import type { ProbeTarget } from './probe-action.ts';
import { usableAotCache } from './trino/aot-cache.ts';
import { buildTrinoLaunch } from './trino/launch.ts';
import type { TrinoInstallation } from './trino/installation.ts';
import { createPathRewriter } from './trino/rewrite-paths.ts';
import { planVolumes, writeVolumes, type VolumePlan } from './volumes.ts';

export interface ContainerInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: LocalImage;
  readonly sources: PodSources;
  readonly podIP: string;
  readonly nodeName: string;
  readonly podDirectory: string;
  readonly namesFile: string;
}

export interface PreparedContainer {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly health?: NonNullable<ProbeTarget['health']>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Throws MissingSource for what the Pod's author or time can mend. */
export async function prepareContainer(input: ContainerInput): Promise<PreparedContainer> {
  return withNiceness(await prepare(input), nicenessOf(input.container));
}

async function prepare(input: ContainerInput): Promise<PreparedContainer> {
  const { image, container } = input;
  const root = join(input.podDirectory, 'root');
  const env = buildContainerEnv(container, input);
  const plan = planVolumes(input.pod, container, input.sources);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const base = { PATH, HOME: root, LANG: 'C.UTF-8', HOSTNAME: input.pod.metadata.name };
  if (image.kind === 'trino') return prepareTrino(input, image.installation, root, plan, { ...base, ...env });

  await writeVolumes(input.podDirectory, plan);
  const [command, ...args] = [...(container.command ?? []), ...(container.args ?? [])].map((word) => expandVariables(word, env));
  if (command === undefined) throw new MissingSource('the container has no command, which a host image needs');
  return { command, args, env: { ...base, ...env }, workingDirectory: container.workingDir ?? root };
}

async function prepareTrino(
  input: ContainerInput,
  installation: TrinoInstallation,
  root: string,
  plan: VolumePlan,
  env: Readonly<Record<string, string>>,
): Promise<PreparedContainer> {
  const { container } = input;
  const first = container.command?.[0];
  if (first !== undefined && first !== '/usr/lib/trino/bin/run-trino') {
    throw new MissingSource(`the command ${first} is part of the image; the process node starts Trino itself, so leave the command out`);
  }
  const rewriter = createPathRewriter(
    root,
    (container.volumeMounts ?? []).map((mount) => mount.mountPath.replace(/(?<=.)\/$/, '')),
  );
  const files = plan.files.map((file) =>
    rewriter.isRewritten(file.path) ? { ...file, data: Buffer.from(rewriter.rewrite(file.data.toString('utf8'))) } : file,
  );
  await writeVolumes(input.podDirectory, { ...plan, files });
  const limit = container.resources?.limits?.['memory'];
  const aotCacheFile = await usableAotCache(installation);
  const launch = buildTrinoLaunch({
    installation,
    root,
    podIP: input.podIP,
    files: new Map(files.map((file) => [file.path, file.data.toString('utf8')])),
    namesFile: input.namesFile,
    ...(limit === undefined ? {} : { memoryLimitBytes: Number(parseBytes(limit)) }),
    ...(aotCacheFile === undefined ? {} : { aotCacheFile }),
  });
  if (launch === undefined) throw new MissingSource('no volume brings /etc/trino/config.properties, without which Trino cannot start');
  for (const directory of launch.directories) await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(launch.link.path, { recursive: true, force: true });
  await symlink(launch.link.target, launch.link.path);
  const rewritten = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, rewriter.rewrite(value)]));
  return {
    command: launch.command,
    args: launch.args,
    env: { ...rewritten, ...launch.env },
    workingDirectory: launch.workingDirectory,
    health: launch.health,
  };
}

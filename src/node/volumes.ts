// A Pod's volumes as files below the Pod's root directory. The plan is pure; writing it is at the end of this file.
//
//   <pod directory>/root<mountPath>/...   ConfigMap, Secret and projected volumes: files
//   <pod directory>/volumes/<name>/       emptyDir: a directory, with a link from root<mountPath>
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Container, KeyToPath, Pod, Volume } from '#core/objects.ts';
import { MissingSource, type PodSources } from './pod-sources.ts';

export interface PlannedFile {
  /** As the container would see it, e.g. /etc/trino/config.properties. */
  readonly path: string;
  readonly data: Buffer;
  readonly mode: number;
}

export interface VolumePlan {
  readonly files: readonly PlannedFile[];
  /** Mount paths that are whole directories of files, outermost first. */
  readonly fileMounts: readonly string[];
  /** Mount path -> path below volumes/. */
  readonly directories: ReadonlyMap<string, string>;
}

const SECRET_MODE = 0o400;
const CONFIG_MODE = 0o644;

/** Throws MissingSource when something referred to is absent or the volume is of a kind that is not supported. */
export function planVolumes(pod: Pod, container: Container, sources: PodSources): VolumePlan {
  const files: PlannedFile[] = [];
  const fileMounts: string[] = [];
  const directories = new Map<string, string>();
  const mounts = (container.volumeMounts ?? []).toSorted((a, b) => a.mountPath.length - b.mountPath.length);
  for (const mount of mounts) {
    const volume = pod.spec.volumes?.find((each) => each.name === mount.name);
    if (volume === undefined) throw new MissingSource(`volume "${mount.name}" is mounted but not defined`);
    const mountPath = posix.normalize(mount.mountPath).replace(/(?<=.)\/$/, '');
    if (volume.emptyDir !== undefined) {
      directories.set(mountPath, join(volume.name, checkedPath(mount.subPath ?? '')));
      continue;
    }
    const entries = filesOf(volume, sources);
    if (mount.subPath === undefined) fileMounts.push(mountPath);
    for (const entry of entries) {
      const path = placeFile(entry.path, mountPath, mount.subPath);
      if (path !== undefined) files.push({ ...entry, path });
    }
  }
  return { files, fileMounts, directories };
}

function placeFile(path: string, mountPath: string, subPath: string | undefined): string | undefined {
  if (subPath === undefined) return posix.join(mountPath, path);
  if (path === subPath) return mountPath;
  return path.startsWith(`${subPath}/`) ? posix.join(mountPath, path.slice(subPath.length)) : undefined;
}

function filesOf(volume: Volume, sources: PodSources): PlannedFile[] {
  if (volume.configMap !== undefined) return configMapFiles(volume.configMap, sources, volume.configMap.defaultMode);
  if (volume.secret !== undefined) {
    return secretFiles({ ...volume.secret, name: volume.secret.secretName }, sources);
  }
  if (volume.projected !== undefined) {
    return volume.projected.sources.flatMap((source) => {
      if (source.configMap !== undefined) return configMapFiles(source.configMap, sources, volume.projected?.defaultMode);
      if (source.secret !== undefined) return secretFiles(source.secret, sources);
      throw new MissingSource(
        `volume "${volume.name}" projects ${Object.keys(source).join(', ')}; the process node projects ConfigMaps and Secrets`,
      );
    });
  }
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
  throw new MissingSource(
    `volume "${volume.name}" is a ${kind}; the process node mounts ConfigMaps, Secrets, projected volumes and emptyDir`,
  );
}

interface Reference {
  readonly name: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function configMapFiles(reference: Reference, sources: PodSources, defaultMode: number | undefined): PlannedFile[] {
  const configMap = sources.configMaps.get(reference.name);
  if (configMap === undefined) return absent(reference, `configmap "${reference.name}" not found`);
  const all = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(configMap.data ?? {})) all.set(key, Buffer.from(text, 'utf8'));
  for (const [key, base64] of Object.entries(configMap.binaryData ?? {})) all.set(key, Buffer.from(base64, 'base64'));
  return pick(all, reference, (item) => item?.mode ?? defaultMode ?? CONFIG_MODE, `configmap "${reference.name}"`);
}

function secretFiles(reference: Reference, sources: PodSources): PlannedFile[] {
  const secret = sources.secrets.get(reference.name);
  if (secret === undefined) return absent(reference, `secret "${reference.name}" not found`);
  const all = new Map(Object.entries(secret.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]));
  // stricter than asked for: on a shared machine other users must not read them
  return pick(all, reference, () => SECRET_MODE, `secret "${reference.name}"`);
}

function absent(reference: Reference, message: string): PlannedFile[] {
  if (reference.optional === true) return [];
  throw new MissingSource(message);
}

function pick(
  all: ReadonlyMap<string, Buffer>,
  reference: Reference,
  modeOf: (item: KeyToPath | undefined) => number,
  what: string,
): PlannedFile[] {
  if (reference.items === undefined) return [...all].map(([key, data]) => ({ path: key, data, mode: modeOf(undefined) }));
  return reference.items.flatMap((item) => {
    const data = all.get(item.key);
    if (data !== undefined) return [{ path: checkedPath(item.path), data, mode: modeOf(item) }];
    if (reference.optional === true) return [];
    throw new MissingSource(`${what} has no key ${item.key}`);
  });
}

function checkedPath(path: string): string {
  if (posix.isAbsolute(path) || path.split('/').includes('..')) throw new MissingSource(`the path "${path}" leaves its volume`);
  return path;
}

/** Writes the plan; what an earlier run wrote for the same mounts is replaced, emptyDir contents are kept. */
export async function writeVolumes(podDirectory: string, plan: VolumePlan): Promise<void> {
  const root = join(podDirectory, 'root');
  for (const mountPath of plan.fileMounts) await rm(join(root, mountPath), { recursive: true, force: true });
  for (const [mountPath, below] of plan.directories) {
    const target = join(podDirectory, 'volumes', below);
    await mkdir(target, { recursive: true });
    await rm(join(root, mountPath), { recursive: true, force: true });
    await mkdir(dirname(join(root, mountPath)), { recursive: true });
    await symlink(target, join(root, mountPath));
  }
  for (const mountPath of plan.fileMounts) await mkdir(join(root, mountPath), { recursive: true });
  for (const file of plan.files) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await writeFile(path, file.data, { mode: 0o600 });
    await chmod(path, file.mode);
  }
}

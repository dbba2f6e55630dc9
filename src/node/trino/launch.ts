// The command line that starts Trino for a Pod: what the image's own launcher does, with the Pod's files below a root of
// their own. Pure. Airlift lets a system property override the same key of config.properties.
//
//   taken from                 becomes
//   etc/jvm.config             JVM flags, minus those that need the image or its memory limit (see adaptJvmFlags)
//   etc/node.properties        -Dkey=value each, as the official launcher does
//   etc/config.properties      -Dconfig=<file>
//   etc/log.properties         -Dlog.levels-file=<file>
//   the Pod's address          -Dnode.bind-ip, -Dnode.internal-address
//   the installation           -Dplugin.dir, the class path
//   Service names              -Dxtrinode.names.file, and the launcher turns the JVM's own caching of names off
import { join } from 'node:path';
import type { TrinoInstallation } from './installation.ts';

export interface TrinoLaunchInput {
  readonly installation: TrinoInstallation;
  /** The Pod's root directory. */
  readonly root: string;
  readonly podIP: string;
  /** Materialised text files by their path in the container, already rewritten. */
  readonly files: ReadonlyMap<string, string>;
  /** The container's memory limit, bytes; absent: none. */
  readonly memoryLimitBytes?: number;
  readonly namesFile: string;
  /** The ahead-of-time cache, when there is one to use. */
  readonly aotCacheFile?: string;
}

export interface TrinoLaunch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly directories: readonly string[];
  /** `<workingDirectory>/etc`, for files that Trino looks up relative to its directory. */
  readonly link: { readonly path: string; readonly target: string };
  /** Where the image's health check would ask. */
  readonly health: { readonly scheme: 'http' | 'https'; readonly port: number };
}

const ETC = '/etc/trino';
const DEFAULT_MAX_RAM_PERCENT = 80; // what the image's jvm.config says

/** Throws nothing; a Pod without config.properties gives undefined. */
export function buildTrinoLaunch(input: TrinoLaunchInput): TrinoLaunch | undefined {
  const { installation, root, files, podIP } = input;
  const configText = files.get(`${ETC}/config.properties`);
  if (configText === undefined) return undefined;
  const config = parseProperties(configText);
  const node = parseProperties(files.get(`${ETC}/node.properties`) ?? '');
  const dataDirectory = node.get('node.data-dir') ?? join(root, 'data/trino');
  const temporaryDirectory = join(root, 'tmp');
  const systemProperties = new Map<string, string>([
    ...node,
    ['node.environment', node.get('node.environment') ?? config.get('node.environment') ?? 'docker'],
    ['node.data-dir', dataDirectory],
    ['node.bind-ip', podIP],
    ['node.internal-address', podIP],
    ['plugin.dir', installation.pluginDirectory],
    ...(config.has('catalog.config-dir') ? [] : ([['catalog.config-dir', join(root, ETC, 'catalog')]] as const)),
    ...(files.has(`${ETC}/log.properties`) ? ([['log.levels-file', join(root, ETC, 'log.properties')]] as const) : []),
    ['java.io.tmpdir', temporaryDirectory],
    ['xtrinode.names.file', input.namesFile],
    ['xtrinode.exit-with-stdin', 'true'],
    ['config', join(root, ETC, 'config.properties')],
  ]);
  const flags = adaptJvmFlags(parseJvmConfig(files.get(`${ETC}/jvm.config`) ?? ''), input.memoryLimitBytes);
  return {
    command: join(installation.javaHome, 'bin', 'java'),
    args: [
      ...(input.aotCacheFile === undefined ? [] : [`-XX:AOTCache=${input.aotCacheFile}`, '-Xlog:aot=off']),
      ...flags,
      ...[...systemProperties].map(([key, value]) => `-D${key}=${value}`),
      '-cp',
      `${join(installation.libDirectory, '*')}:${installation.launcherJar}`,
      'xtrinode.launcher.Main',
      ...installation.launcherArguments,
    ],
    env: { JAVA_HOME: installation.javaHome },
    workingDirectory: dataDirectory,
    directories: [dataDirectory, temporaryDirectory, join(root, ETC, 'catalog')],
    link: { path: join(dataDirectory, 'etc'), target: join(root, ETC) },
    health: healthOf(config),
  };
}

/** Lines of jvm.config that are flags. */
export function parseJvmConfig(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Drops agents of the image, which are not here, and turns shares of the container's memory into numbers: without a cgroup
 * the JVM would take them of the whole machine. The initial share is dropped, because a laptop is shared.
 */
export function adaptJvmFlags(flags: readonly string[], memoryLimitBytes: number | undefined): readonly string[] {
  const kept = flags.filter((flag) => !flag.startsWith('-agentpath:/usr/lib/trino/') && !/^-XX:(Initial|Min)RAMPercentage=/.test(flag));
  if (kept.some((flag) => flag.startsWith('-Xmx') || flag.startsWith('-XX:MaxHeapSize='))) {
    return kept.filter((flag) => !flag.startsWith('-XX:MaxRAMPercentage='));
  }
  if (memoryLimitBytes === undefined) return kept;
  const percent = Number(kept.findLast((flag) => flag.startsWith('-XX:MaxRAMPercentage='))?.split('=')[1] ?? DEFAULT_MAX_RAM_PERCENT);
  const heapMebibytes = Math.floor((memoryLimitBytes * percent) / 100 / 1024 / 1024);
  return [`-Xmx${heapMebibytes}m`, ...kept.filter((flag) => !flag.startsWith('-XX:MaxRAMPercentage='))];
}

/** `key=value` lines of a Java properties file, as far as Trino's files use the format. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match !== null) properties.set(match[1] ?? '', match[2] ?? '');
  }
  return properties;
}

function healthOf(config: ReadonlyMap<string, string>): TrinoLaunch['health'] {
  const isHttpOff = config.get('http-server.http.enabled') === 'false';
  return isHttpOff
    ? { scheme: 'https', port: Number(config.get('http-server.https.port') ?? 8443) }
    : { scheme: 'http', port: Number(config.get('http-server.http.port') ?? 8080) };
}

// The programs of a real Kubernetes: where each comes from, and where it is kept once built. Go fetches and checks the sources
// (go.sum is committed); the versions are those of the go.mod files. It must not know what the programs are started for.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '#node/process-lock.ts';
import { runCommand } from '#node/run-command.ts';
import { SetupError } from '#node/setup-error.ts';

/** `module` is the folder here that holds its go.mod. */
const sources = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  'kube-controller-manager': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  'kube-scheduler': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  kubectl: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl' },
  helm: { module: 'helm', package: 'helm.sh/helm/v3/cmd/helm' },
} as const;

export type Program = keyof typeof sources;
type Source = (typeof sources)[Program];
type Env = Readonly<Record<string, string | undefined>>;

export interface ProgramsInit {
  /** Shared by all checkouts, e.g. `~/.xtrinode/cache`. */
  readonly cacheDir: string;
  /** PATH with Go; Go's own settings; KUBEBUILDER_ASSETS names a directory whose programs are taken as they are. */
  readonly env: Env;
  readonly signal: AbortSignal;
  /** One line at the beginning and the end of each build. */
  readonly report: (line: string) => void;
}

/** Paths of the programs; builds what is not there yet (minutes, once). Throws SetupError without Go or when a build fails. */
export async function ensurePrograms<P extends Program>(wanted: readonly P[], init: ProgramsInit): Promise<Readonly<Record<P, string>>> {
  const found = new Map<Program, string>();
  for (const program of wanted) found.set(program, givenProgram(program, init.env) ?? (await ensureBuilt(program, init)));
  return Object.fromEntries(found) as Readonly<Record<P, string>>;
}

/** The convention of Kubernetes' own envtest: a directory with kube-apiserver, etcd and kubectl. */
function givenProgram(program: Program, env: Env): string | undefined {
  const directory = env['KUBEBUILDER_ASSETS'] ?? '';
  const path = join(directory, program);
  return directory !== '' && existsSync(path) ? path : undefined;
}

async function ensureBuilt(program: Program, init: ProgramsInit): Promise<string> {
  const source = sources[program];
  const directory = join(init.cacheDir, `${source.module}-${versionOf(source).slice(1)}`);
  const path = join(directory, program);
  if (existsSync(path)) return path;
  await mkdir(directory, { recursive: true });
  const release = await takeLock(join(directory, 'build.lock'), {
    signal: init.signal,
    onWait: (pid) => init.report(`process ${pid} is building in ${directory}; waiting for it ...`),
  });
  try {
    if (!existsSync(path)) await build(program, source, path, init);
  } finally {
    await release();
  }
  return path;
}

/** Into a draft beside it, so that what carries the name is always whole. */
async function build(program: Program, source: Source, path: string, init: ProgramsInit): Promise<void> {
  const title = `${program} ${versionOf(source)}`;
  const startedAt = performance.now();
  init.report(`building ${title} from the Go module proxy (once; kube-apiserver alone takes some five minutes) ...`);
  const draft = `${path}.partial`;
  const args = ['build', '-trimpath', '-ldflags', linkerFlags(source), '-o', draft, source.package];
  const result = await runCommand('go', args, { cwd: moduleDirectory(source), env: init.env, signal: init.signal }).catch(
    (error: unknown) => Promise.reject(isMissing(error) ? noGo(title, error) : error),
  );
  if (result.exitCode !== 0) throw buildFailed(title, result.output);
  await rename(draft, path);
  init.report(`built ${title} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function moduleDirectory(source: Source): string {
  return join(import.meta.dirname, source.module);
}

/** Version of a module that the source's go.mod requires, e.g. `v1.36.3`. */
function requiredVersion(source: Source, module: string): string {
  const text = readFileSync(join(moduleDirectory(source), 'go.mod'), 'utf8');
  const version = text.split('\n').flatMap((line) => {
    const [name, value] = line
      .replace(/^require/, '')
      .trim()
      .split(/\s+/);
    return name === module && value !== undefined ? [value] : [];
  })[0];
  if (version === undefined) throw new Error(`${moduleDirectory(source)}/go.mod does not require ${module}`);
  return version;
}

function versionOf(source: Source): string {
  return requiredVersion(source, source.package.replace(/\/cmd\/.*$/, ''));
}

/** What the release builds of these projects stamp into their programs; without it they call themselves v0.0.0. */
function linkerFlags(source: Source): string {
  const version = versionOf(source);
  const stamps: Readonly<Record<Source['module'], () => readonly string[]>> = {
    etcd: () => [],
    kubernetes: () =>
      ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((place) => {
        const [major = '', minor = ''] = version.slice(1).split('.');
        return [`${place}.gitVersion=${version}`, `${place}.gitMajor=${major}`, `${place}.gitMinor=${minor}`];
      }),
    helm: () => {
      const minor = requiredVersion(source, 'k8s.io/client-go').split('.')[1] ?? '';
      const places = ['helm.sh/helm/v3/pkg/chartutil', 'helm.sh/helm/v3/pkg/lint/rules'];
      return [
        `helm.sh/helm/v3/internal/version.version=${version}`,
        ...places.flatMap((place) => [`${place}.k8sVersionMajor=1`, `${place}.k8sVersionMinor=${minor}`]),
      ];
    },
  };
  return ['-s -w', ...stamps[source.module]().map((stamp) => `-X ${stamp}`)].join(' ');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function noGo(title: string, cause: unknown): SetupError {
  return new SetupError({
    what: `${title} cannot be built`,
    why: 'there is no Go on the PATH, and no registry carries the program itself.',
    mend: 'Install Go 1.26 or later, or set KUBEBUILDER_ASSETS to a directory that has the program.',
    cause,
  });
}

function buildFailed(title: string, output: string): SetupError {
  const lines = output.trim().split('\n').slice(-5);
  return new SetupError({
    what: `${title} cannot be built`,
    why: `go build says: ${lines.join(' | ').slice(-1000)}`,
    mend: 'Check the network and Go’s settings (go env GOPROXY GOFLAGS GOTOOLCHAIN), then start again; what was built is kept.',
  });
}

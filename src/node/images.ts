// Which image maps to what on this machine. There is no container engine: `trinodb/trino:<v>` (with any registry before it)
// means a local Trino of that version, made ready on first use; every other image is refused with a reason.
import type { InstallProgress, TrinoInstallation } from './trino/installation.ts';
import { SetupError } from './setup-error.ts';
import { messageOf } from './error-words.ts';

export type LocalImage =
  | { readonly kind: 'trino'; readonly installation: TrinoInstallation }
  /** The container's own command is run as it is, with this machine's programs. */
  | { readonly kind: 'host' };

export type ImageAnswer =
  | { readonly is: 'ready'; readonly image: LocalImage }
  /** `mayRetry`: the same image may become available, e.g. after the network is back. */
  | { readonly is: 'refused'; readonly message: string; readonly mayRetry: boolean };

export interface ImageTable {
  /** `onProgress` hears one line at a time while it is being made ready. Rejects never. */
  prepare(image: string, onProgress: (message: string) => void): Promise<ImageAnswer>;
}

export interface ImageTableInit {
  /** Versions that can be had here, newest last. */
  readonly trinoVersions: readonly string[];
  readonly install: (version: string, progress: (progress: InstallProgress) => void) => Promise<TrinoInstallation>;
  /** Names that mean "run the container's own command on this machine". */
  readonly hostImages?: readonly string[];
}

/** Version of a Trino image, e.g. `registry.example.com:5000/trinodb/trino:483@sha256:..` -> `483`. Pure. */
export function parseTrinoVersion(image: string): string | undefined {
  return /(?:^|\/)trinodb\/trino:(\d+)[^/@]*(?:@.*)?$/.exec(image)?.[1];
}

export function createImageTable(init: ImageTableInit): ImageTable {
  const underWay = new Map<string, { readonly answer: Promise<ImageAnswer>; readonly listeners: Set<(message: string) => void> }>();
  const ready = new Map<string, LocalImage>();

  async function install(version: string, listeners: ReadonlySet<(message: string) => void>): Promise<ImageAnswer> {
    await Promise.resolve(); // so that whoever asked is on the list before anything is told
    try {
      const installation = await init.install(version, (progress) => {
        const line = formatProgress(progress);
        for (const listener of listeners) listener(line);
      });
      const image: LocalImage = { kind: 'trino', installation };
      ready.set(version, image);
      return { is: 'ready', image };
    } catch (error) {
      const message =
        error instanceof SetupError
          ? `${error.what}: ${error.why} ${error.mend}`
          : `Trino ${version} cannot be made ready: ${messageOf(error)}`;
      return { is: 'refused', message, mayRetry: true };
    } finally {
      underWay.delete(version);
    }
  }

  return {
    async prepare(image, onProgress) {
      if (init.hostImages?.includes(image)) return { is: 'ready', image: { kind: 'host' } };
      const version = parseTrinoVersion(image);
      if (version === undefined || !init.trinoVersions.includes(version))
        return { is: 'refused', message: whyRefused(image, init.trinoVersions), mayRetry: false };
      const known = ready.get(version);
      if (known !== undefined) return { is: 'ready', image: known };
      let entry = underWay.get(version);
      if (entry === undefined) {
        const listeners = new Set([onProgress]);
        entry = { answer: install(version, listeners), listeners };
        underWay.set(version, entry);
      } else entry.listeners.add(onProgress);
      return entry.answer;
    },
  };
}

function whyRefused(image: string, versions: readonly string[]): string {
  const can = versions.map((version) => `trinodb/trino:${version}`).join(', ');
  return `this node runs Pods as local processes and has no container engine: it can run ${can}, and not ${image || 'a container without an image'}`;
}

function formatProgress({ step, done, total, bytes }: InstallProgress): string {
  const count = total === 0 ? '' : `, ${done} of ${total} files`;
  const size = bytes === undefined || bytes === 0 ? '' : `, ${Math.round(bytes / 1_000_000)} MB`;
  return `${step}${count}${size}`;
}

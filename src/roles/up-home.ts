// The home directory of a local `up`: one process at a time, and up.json that tells scripts where everything is.
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '#node/process-lock.ts';
import { SetupError } from '#node/setup-error.ts';

/** Content of up.json; written by rename when everything is ready, removed at a clean exit. */
export interface UpJson {
  readonly gatewayUrl: string;
  readonly apiServerUrl: string;
  readonly kubeUrl: string;
  readonly kubeconfigPath: string;
  readonly pid: number;
  readonly version: string;
}

export interface UpHome {
  readonly directory: string;
  publish(state: UpJson): Promise<void>;
  /** Removes up.json and lets another process have the directory. */
  release(): Promise<void>;
}

/** State, logs and the pods' scratch space: far more is used only by Trino itself. */
const neededBytes = 64 * 1024 * 1024;

async function describeRunning(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'up.json'), 'utf8').catch(() => '{}');
  const { gatewayUrl } = JSON.parse(text) as Partial<UpJson>;
  return gatewayUrl === undefined ? 'it is still starting' : `its gateway is at ${gatewayUrl}`;
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SetupError({
      what: `the home directory ${directory} cannot be made`,
      why: `${error instanceof Error ? error.message : String(error)}.`,
      mend: 'Give a directory of your own with --home DIR or XTRINODE_HOME.',
      cause: error,
    });
  }
  const disk = await statfs(directory);
  const free = disk.bavail * disk.bsize;
  if (free < neededBytes) {
    throw new SetupError({
      what: `there is not enough room in ${directory}`,
      why: `${Math.round(free / 1024 / 1024)} MiB are free, at least ${neededBytes / 1024 / 1024} MiB are needed.`,
      mend: 'Free some space, or give a directory on another disk with --home DIR.',
    });
  }
}

/** Throws SetupError when another `up` has the directory; that one is left alone. */
export async function takeHome(directory: string): Promise<UpHome> {
  await makeDirectory(directory);
  const giveUp = new AbortController();
  let holder: number | undefined;
  const unlock = await takeLock(join(directory, 'up.lock'), {
    signal: giveUp.signal,
    onWait: (pid) => {
      holder = pid;
      giveUp.abort();
    },
  }).catch(async (error: unknown) => {
    if (holder === undefined) throw error;
    throw new SetupError({
      what: 'xtrinode up is already running here',
      why: `process ${holder} has ${directory}; ${await describeRunning(directory)}.`,
      mend: `Use that one, stop it (kill ${holder}), or start another with --home DIR --gateway-port 0.`,
    });
  });
  const upJson = join(directory, 'up.json');
  // A former run that was killed leaves its own behind; it must not be believed.
  await rm(upJson, { force: true });
  return {
    directory,
    async publish(state) {
      const draft = `${upJson}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`);
      await rename(draft, upJson);
    },
    async release() {
      await rm(upJson, { force: true });
      await unlock();
    },
  };
}

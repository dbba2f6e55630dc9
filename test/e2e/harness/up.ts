// One running `xtrinode up` of a test: started as a user starts it, spoken to with the real kubectl and our own command line,
// and ended with everything it started, also when the test fails.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { XTrinode } from '#apis/v1/objects.ts';
import { finish, start, type Child, type Finished } from './children.ts';
import { javaProcesses } from './processes.ts';
import { eventually } from './waiting.ts';

export const root = join(import.meta.dirname, '..', '..', '..');
const program = join(root, 'tools', 'start.mjs');

export interface Up {
  readonly home: string;
  readonly gatewayUrl: string;
  /** Of the process that is `up` itself, below the launcher. */
  readonly pid: number;
  /** All that it printed. */
  printed(): string;
  kubectl(...args: readonly string[]): Promise<Finished>;
  /** kubectl apply -f -; fails the test when it is refused. */
  apply(manifest: string): Promise<void>;
  xtrinode(...args: readonly string[]): Promise<Finished>;
  runtime(name: string): Promise<XTrinode>;
  /** Waits until the runtime is in that phase, or as `isThere` says. */
  until(name: string, phase: string, withinMs: number, isThere?: (runtime: XTrinode) => boolean): Promise<XTrinode>;
  /** SIGTERM, as Ctrl-C does; resolves with its exit code when it is gone. */
  stop(): Promise<number | null>;
  /** kill -9 of the process itself. */
  kill(): Promise<void>;
}

export interface UpOptions {
  readonly home?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A start on a machine without Trino fetches it first. */
const startMs = 10 * 60_000;
const stopMs = 30_000;

const homes: string[] = [];
process.on('exit', () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A new empty directory, gone when the tests of the file have ended. */
export function aHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'xtrinode-e2e-'));
  homes.push(home);
  return home;
}

/** `xtrinode` with any arguments, in an environment that knows nothing of another home. */
export function startXtrinode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Child {
  const { KUBECONFIG: _kubeconfig, XTRINODE_HOME: _home, ...rest } = env;
  return start([process.execPath, program, ...args], { env: rest });
}

function upCommand(options: UpOptions & { readonly home: string }): readonly string[] {
  return ['up', '--home', options.home, '--gateway-port', '0', ...(options.args ?? [])];
}

/** `up` that is expected to fail: its end. */
export function runUp(options: UpOptions & { readonly home: string }): Promise<Finished> {
  return finish(startXtrinode(upCommand(options), options.env));
}

interface UpJson {
  readonly gatewayUrl: string;
  readonly kubeconfigPath: string;
  readonly pid: number;
}

function readUpJson(home: string): UpJson | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')) as UpJson;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function ready(child: Child, home: string): Promise<UpJson> {
  let hasEnded = false;
  child.ended.then(
    () => (hasEnded = true),
    () => (hasEnded = true),
  );
  return eventually(
    'up.json of a started up',
    startMs,
    () => {
      if (hasEnded) throw new Error(`up ended before it was ready:\n${child.out()}${child.notes()}`);
      const found = readUpJson(home);
      // What a killed run left behind tells another process.
      return found !== undefined && child.out().concat(child.notes()).includes('XTrinode is up') ? found : undefined;
    },
    50,
  );
}

export async function startUp(options: UpOptions = {}): Promise<Up> {
  const home = options.home ?? aHome();
  const child = startXtrinode(upCommand({ ...options, home }), options.env);
  after(() => end(child, home));
  const { gatewayUrl, kubeconfigPath, pid } = await ready(child, home);
  const kubectl = (args: readonly string[], stdin?: string): Promise<Finished> =>
    finish(start(['kubectl', '--kubeconfig', kubeconfigPath, ...args]), stdin);
  const xtrinode = (args: readonly string[]): Promise<Finished> => finish(startXtrinode([...args, '--home', home]));
  async function runtime(name: string): Promise<XTrinode> {
    const { out, notes } = await kubectl(['get', 'tn', name, '-o', 'json']);
    assert.notEqual(out, '', notes);
    return JSON.parse(out) as XTrinode;
  }
  return {
    home,
    gatewayUrl,
    pid,
    runtime,
    printed: () => child.out() + child.notes(),
    kubectl: (...args) => kubectl(args),
    async apply(manifest) {
      const { code, notes } = await kubectl(['apply', '-f', '-'], manifest);
      assert.equal(code, 0, notes);
    },
    xtrinode: (...args) => xtrinode(args),
    async until(name, phase, withinMs, isThere = ({ status }) => status?.phase === phase) {
      let last: XTrinode | undefined;
      const look = async (): Promise<XTrinode | undefined> => {
        last = await runtime(name);
        return isThere(last) ? last : undefined;
      };
      return eventually(`${name}: ${phase}`, withinMs, look, 300).catch((error: unknown) => {
        throw new Error(`${String(error)}; its status: ${JSON.stringify(last?.status, undefined, 1)}`, { cause: error });
      });
    },
    async stop() {
      child.process.kill('SIGTERM');
      return (await child.ended).code;
    },
    async kill() {
      process.kill(pid, 'SIGKILL');
      await child.ended;
    },
  };
}

/** After the tests of a file: nothing may be left, and what did not end by itself is a failure. */
async function end(child: Child, home: string): Promise<void> {
  child.process.kill('SIGTERM');
  const late = setTimeout(() => {
    const { pid } = readUpJson(home) ?? {};
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    child.process.kill('SIGKILL');
  }, stopMs);
  await child.ended;
  clearTimeout(late);
  await eventually('the end of all Java processes of a stopped up', 20_000, () => javaProcesses(home).length === 0).catch(
    (error: unknown) => {
      for (const { pid } of javaProcesses(home)) process.kill(pid, 'SIGKILL');
      throw error;
    },
  );
}

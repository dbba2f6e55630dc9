// xtrinode suspend NAME and resume NAME: a command is a pair of annotations that the operator takes (design D1); the spec
// stays the user's.
import type { Command } from 'commander';
import { parseDuration } from '#core/duration.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import { annotations, xtrinodes } from '#apis/v1/resources.ts';
import { explainRuntime } from '#apis/v1/why.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { silentLog } from '#observe/log.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import { CliError } from '../io.ts';
import type { CliIo } from '../io.ts';
import { noSuchRuntime } from '../runtimes.ts';
import type { RuntimeKey } from '../runtimes.ts';

type Verb = 'suspend' | 'resume';

interface LifecycleOptions extends ClusterOptions {
  readonly wait?: boolean;
  readonly timeout: string;
}

const commands: Readonly<
  Record<Verb, { readonly requested: string; readonly at: string; readonly done: string; readonly description: string }>
> = {
  suspend: {
    requested: annotations.suspendRequested,
    at: annotations.suspendRequestedAt,
    done: 'asleep',
    description: 'put a runtime to sleep; the next query wakes it',
  },
  resume: { requested: annotations.resumeRequested, at: annotations.resumeRequestedAt, done: 'awake', description: 'wake a runtime' },
};

export function addLifecycle(program: Command, io: CliIo): void {
  for (const verb of ['suspend', 'resume'] as const) {
    const command = program
      .command(verb)
      .argument('<name>', 'runtime')
      .description(commands[verb].description)
      .option('--wait', `return when it is ${commands[verb].done}`)
      .option('--timeout <duration>', 'with --wait: give up after this', '10m');
    addClusterOptions(command).action((name: string, options: LifecycleOptions) => order(verb, name, options, io));
  }
}

async function order(verb: Verb, name: string, options: LifecycleOptions, io: CliIo): Promise<void> {
  const timeoutMs = parseTimeout(options.timeout);
  await withCluster(options, io, async ({ api, namespace }) => {
    const key = { namespace, name };
    await annotate(api, key, verb, io.clock.now());
    io.out(`xtrinode.analytics.xtrinode.io/${name} ${verb === 'suspend' ? 'told to sleep' : 'told to wake'}\n`);
    if (options.wait === true) await waitFor(api, key, verb, timeoutMs, io);
  });
}

function parseTimeout(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(`--timeout: ${error.message}`, 2, error);
    throw error;
  }
}

async function annotate(api: KubeApi, key: RuntimeKey, verb: Verb, nowMs: number): Promise<void> {
  const { requested, at } = commands[verb];
  const patch = { metadata: { annotations: { [requested]: 'true', [at]: new Date(nowMs).toISOString() } } };
  try {
    await api.patch(xtrinodes, key, 'merge', patch, { fieldManager: 'xtrinode-cli' });
  } catch (error) {
    throw isKubeError(error, 'NotFound') ? await noSuchRuntime(api, key) : error;
  }
}

/** The operator removes the annotation when it takes the command: a status from before does not count. Pure. */
export function isDone(verb: Verb, runtime: XTrinode): boolean {
  if (runtime.metadata.annotations?.[commands[verb].requested] !== undefined) return false;
  return runtime.status?.phase === (verb === 'suspend' ? 'Suspended' : 'Ready');
}

async function waitFor(api: KubeApi, key: RuntimeKey, verb: Verb, timeoutMs: number, io: CliIo): Promise<void> {
  const where = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` };
  const reflector = createReflector<XTrinode>({ api, resource: xtrinodes, where, clock: io.clock, random: io.random, log: silentLog });
  const ended = Promise.withResolvers<void>();
  let last = '';
  reflector.store.subscribe(({ after }) => {
    if (after === undefined) {
      ended.reject(new CliError(`runtime "${key.name}" was deleted meanwhile`));
      return;
    }
    const said = `${after.status?.phase ?? 'Pending'}: ${after.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'waiting for the operator'}\n`;
    if (said !== last) io.note(said);
    last = said;
    if (isDone(verb, after)) ended.resolve();
  });
  const cancel = io.clock.after(timeoutMs, () => {
    const runtime = reflector.store.list()[0];
    const why = runtime === undefined ? [] : explainRuntime(runtime, io.clock.now());
    ended.reject(
      new CliError([`runtime "${key.name}" is not ${commands[verb].done} after ${Math.round(timeoutMs / 1000)} s`, ...why].join('\n  ')),
    );
  });
  const interrupt = (): void => ended.reject(new CliError('interrupted; the command stands', 130));
  io.signal.addEventListener('abort', interrupt);
  reflector.start();
  try {
    await ended.promise;
  } finally {
    cancel();
    reflector.stop();
    io.signal.removeEventListener('abort', interrupt);
  }
}

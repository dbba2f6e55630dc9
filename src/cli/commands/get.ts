// xtrinode get [NAME]: runtimes as a table, YAML or JSON, once or as they change.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { XTrinode } from '#apis/v1/objects.ts';
import { xtrinodes } from '#apis/v1/resources.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import type { KubeApi, Where } from '#kube/port.ts';
import { silentLog } from '#observe/log.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import type { CliIo } from '../io.ts';
import { formatYaml } from '../kubernetes-yaml.ts';
import { readRuntime } from '../runtimes.ts';
import { formatAge, formatTable } from '../table.ts';

type Output = 'table' | 'wide' | 'json' | 'yaml';

interface GetOptions extends ClusterOptions {
  readonly allNamespaces?: boolean;
  readonly output: Output;
  readonly watch?: boolean;
}

export interface RuntimeColumns {
  readonly withNamespace: boolean;
  readonly isWide: boolean;
  readonly nowMs: number;
}

export function addGet(program: Command, io: CliIo): void {
  const command = program
    .command('get')
    .argument('[name]', 'one runtime; absent: all')
    .description('list runtimes')
    .option('-A, --all-namespaces', 'runtimes of every namespace')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'wide', 'json', 'yaml']).default('table'))
    .option('-w, --watch', 'print again whatever changes, until Ctrl-C');
  addClusterOptions(command).action((name: string | undefined, options: GetOptions) => get(name, options, io));
}

async function get(name: string | undefined, options: GetOptions, io: CliIo): Promise<void> {
  await withCluster(options, io, async ({ api, namespace }) => {
    const columns = { withNamespace: options.allNamespaces === true, isWide: options.output === 'wide', nowMs: io.clock.now() };
    if (options.watch === true) {
      const where = {
        ...(options.allNamespaces === true ? {} : { namespace }),
        ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
      };
      await watchRuntimes(api, where, columns, options.output, io);
      return;
    }
    if (name !== undefined && options.allNamespaces !== true) {
      const runtime = await readRuntime(api, { namespace, name });
      io.out(
        options.output === 'json' || options.output === 'yaml'
          ? formatDocument(runtime, options.output)
          : formatRuntimes([runtime], columns),
      );
      return;
    }
    const where = {
      ...(options.allNamespaces === true ? {} : { namespace }),
      ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    };
    const { items } = await api.list<XTrinode>(xtrinodes, where);
    if (options.output === 'json' || options.output === 'yaml')
      io.out(formatDocument({ apiVersion: 'v1', kind: 'List', items }, options.output));
    else if (items.length > 0) io.out(formatRuntimes(items, columns));
    else io.note(options.allNamespaces === true ? 'No runtimes found.\n' : `No runtimes found in namespace ${namespace}.\n`);
  });
}

async function watchRuntimes(api: KubeApi, where: Where, columns: RuntimeColumns, output: Output, io: CliIo): Promise<void> {
  const reflector = createReflector<XTrinode>({ api, resource: xtrinodes, where, clock: io.clock, random: io.random, log: silentLog });
  const stopped = Promise.withResolvers<void>();
  io.signal.addEventListener('abort', () => stopped.resolve());
  let hasHeader = false;
  reflector.store.subscribe(({ before, after }) => {
    const runtime = after ?? before;
    if (runtime === undefined) return;
    if (output === 'json' || output === 'yaml') {
      io.out(output === 'yaml' ? `---\n${formatDocument(runtime, output)}` : formatDocument(runtime, output));
      return;
    }
    const [header = '', ...rows] = formatRuntimes([runtime], { ...columns, nowMs: io.clock.now() }, watchWidths).split(/(?<=\n)/);
    io.out(`${hasHeader ? '' : header}${rows.join('')}`);
    hasHeader = true;
  });
  reflector.start();
  await stopped.promise;
  reflector.stop();
}

/** Rows come one by one, so columns get the room that usual names need instead of what one row needs. */
const watchWidths: Readonly<Record<string, number>> = {
  NAMESPACE: 16,
  NAME: 20,
  SIZE: 6,
  PHASE: 11,
  WORKERS: 7,
  ROUTE: 24,
  AGE: 6,
  VERSION: 7,
  REVISION: 8,
};

export function formatRuntimes(
  runtimes: readonly XTrinode[],
  columns: RuntimeColumns,
  minimum: Readonly<Record<string, number>> = {},
): string {
  const headers = [
    ...(columns.withNamespace ? ['NAMESPACE'] : []),
    'NAME',
    'SIZE',
    'PHASE',
    'WORKERS',
    'ROUTE',
    'AGE',
    ...(columns.isWide ? ['VERSION', 'REVISION', 'WHY'] : []),
  ];
  const rows = runtimes
    .toSorted((a, b) => sortKey(a).localeCompare(sortKey(b)))
    .map(({ metadata, spec, status }) => [
      ...(columns.withNamespace ? [metadata.namespace ?? ''] : []),
      metadata.name,
      spec.size,
      metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Deleting',
      workersOf(status?.workers ?? 0, spec.workers ?? spec.maxWorkers, status?.lifecycle?.desired === 'Asleep'),
      status?.route ?? '',
      formatAge(columns.nowMs - Date.parse(metadata.creationTimestamp ?? '')),
      ...(columns.isWide ? [spec.version, status?.servingRevision ?? '', status?.lifecycle?.message ?? ''] : []),
    ]);
  return formatTable(
    headers.map((header) => header.padEnd(minimum[header] ?? 0)),
    rows,
  ).replace(/[^\S\n]+$/gm, '');
}

function workersOf(ready: number, wanted: number | undefined, isAsleep: boolean): string {
  if (isAsleep && ready === 0) return '0';
  return wanted === undefined || wanted === ready ? `${ready}` : `${ready}/${wanted}`;
}

function sortKey({ metadata }: XTrinode): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Without managedFields, as kubectl prints objects. */
function formatDocument(value: object, output: 'json' | 'yaml'): string {
  const lean: unknown = JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === 'managedFields' ? undefined : part)));
  return output === 'json' ? `${JSON.stringify(lean, null, 2)}\n` : formatYaml(lean);
}

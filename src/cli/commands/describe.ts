// xtrinode describe NAME: everything about one runtime on one page.
import type { Command } from 'commander';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { CoreEvent } from '#core/objects.ts';
import { explainRuntime } from '#apis/v1/why.ts';
import { events } from '#kube/resources.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import type { CliIo } from '../io.ts';
import { readRuntime } from '../runtimes.ts';
import { formatAge, formatTable, printable } from '../table.ts';

export function addDescribe(program: Command, io: CliIo): void {
  const command = program.command('describe').argument('<name>', 'runtime').description('show one runtime with its conditions and events');
  addClusterOptions(command).action(async (name: string, options: ClusterOptions) => {
    await withCluster(options, io, async ({ api, namespace }) => {
      const runtime = await readRuntime(api, { namespace, name });
      const { items } = await api.list<CoreEvent>(events, {
        namespace,
        fieldSelector: `involvedObject.kind=XTrinode,involvedObject.name=${name}`,
      });
      io.out(formatDescription(runtime, items, io.clock.now()));
    });
  });
}

export function formatDescription(runtime: XTrinode, occurred: readonly CoreEvent[], nowMs: number): string {
  const { metadata, spec, status } = runtime;
  const facts: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
    ['Age', formatAge(nowMs - Date.parse(metadata.creationTimestamp ?? ''))],
    [
      'Labels',
      Object.entries(metadata.labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(', '),
    ],
    ['Phase', status?.phase ?? 'Pending'],
    ['Size', spec.size],
    ['Version', spec.version],
    ['Image', spec.image],
    ['Workers', `${status?.workers ?? 0} ready; wanted ${spec.workers ?? spec.maxWorkers ?? 'by default'}`],
    ['Suspended', spec.suspended],
    ['Auto-suspend', spec.autoSuspendAfter],
    ['Route', status?.route],
    ['Coordinator', status?.coordinatorURL],
    [
      'Revision',
      status?.servingRevision === status?.currentRevision
        ? status?.servingRevision
        : `${status?.servingRevision ?? 'none'}, rolling out ${status?.currentRevision ?? 'none'}`,
    ],
    ['Catalogs', status?.observedCatalogs?.join(', ')],
  ];
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const head = facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => `${`${label}:`.padEnd(width)}${printable(String(value))}\n`);
  const why = explainRuntime(runtime, nowMs).map((line) => `  ${printable(line)}\n`);
  return `${head.join('')}\nWhy:\n${why.join('')}\nConditions:\n${indent(conditionTable(runtime, nowMs))}\nEvents:\n${indent(eventTable(occurred, nowMs))}`;
}

function conditionTable({ status }: XTrinode, nowMs: number): string {
  const conditions = status?.conditions ?? [];
  if (conditions.length === 0) return 'none\n';
  return formatTable(
    ['TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'],
    conditions.map((one) => [one.type, one.status, one.reason, formatAge(nowMs - Date.parse(one.lastTransitionTime)), one.message]),
  );
}

function eventTable(occurred: readonly CoreEvent[], nowMs: number): string {
  if (occurred.length === 0) return 'none\n';
  const at = (event: CoreEvent): number => Date.parse(event.lastTimestamp ?? event.metadata.creationTimestamp ?? '');
  return formatTable(
    ['TYPE', 'REASON', 'AGE', 'COUNT', 'FROM', 'MESSAGE'],
    occurred
      .toSorted((a, b) => at(a) - at(b))
      .map((event) => [
        event.type,
        event.reason,
        formatAge(nowMs - at(event)),
        `${event.count ?? 1}`,
        event.source?.component ?? '',
        event.message,
      ]),
  );
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

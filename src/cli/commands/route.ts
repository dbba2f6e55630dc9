// xtrinode route explain: which runtime a request would go to, and why, from the published route table or a routes file.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { routesLabel, gatewayNamespace } from '#apis/v1/resources.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { ConfigMap } from '#core/objects.ts';
import { explainRoute } from '#gateway/routing/explain.ts';
import { readFileEntries } from '#gateway/routing/file-entries.ts';
import { mergeEntries } from '#gateway/routing/route-source.ts';
import { buildRouteTable } from '#gateway/routing/route-table.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { addClusterOptions, withCluster, type ClusterOptions } from '../connect.ts';
import { CliError, type CliIo } from '../io.ts';
import { readYamlDocuments } from '../kubernetes-yaml.ts';
import { printable } from '../table.ts';

interface ExplainOptions extends ClusterOptions {
  readonly header: readonly string[];
  readonly host: string;
  readonly path: string;
  readonly user: string;
  readonly routes?: string;
}

/** The headers by which a statement is routed; anything else would be looked at in vain. */
const deciding = ['host', 'x-trino-xtrinode', 'x-trino-user'];

export function addRoute(program: Command, io: CliIo): void {
  const route = program.command('route').description('look into the routes of the gateway');
  const explain = route
    .command('explain')
    .description('say which runtime a statement would go to, and why')
    .option('-H, --header <name: value>', 'header of the request: X-Trino-XTrinode, Host or X-Trino-User; may be repeated', collect, [])
    .option('--host <name>', 'host name under which the client knows the gateway', 'localhost')
    .option('--path <path>', 'path of the address that the client has, such as /rt/team-a.sales', '')
    .option('--user <name>', 'Trino user, where a routing group is sticky', '')
    .option('--routes <file>', 'the file of xtrinode gateway --routes, instead of the cluster');
  addClusterOptions(explain).action((options: ExplainOptions) => run(options, io));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (deciding.includes(name.toLowerCase())) return [name.toLowerCase(), value] as const;
      throw new CliError(
        `-H ${JSON.stringify(line)}: no route depends on it. Give X-Trino-XTrinode, Host or X-Trino-User, as in -H 'X-Trino-XTrinode: sales'`,
        2,
      );
    }),
  );
}

async function run(options: ExplainOptions, io: CliIo): Promise<void> {
  const headers = readHeaders(options.header);
  const table = buildRouteTable(
    options.routes === undefined
      ? await withCluster(options, io, ({ api }) => entriesOfCluster(api, io))
      : entriesOfFile(await readFile(options.routes, 'utf8'), io),
  );
  const answer = explainRoute(table, {
    host: headers.get('host') ?? options.host,
    headerValue: headers.get('x-trino-xtrinode'),
    path: options.path,
    user: headers.get('x-trino-user') ?? options.user,
  });
  if ('code' in answer) throw new CliError(answer.detail);
  for (const line of answer) io.out(`${printable(line)}\n`);
}

async function entriesOfCluster(api: KubeApi, io: CliIo): Promise<Iterable<RouteEntry>> {
  const { items } = await api.list<ConfigMap>(configMaps, { namespace: gatewayNamespace, labelSelector: routesLabel });
  const { entries, problems } = mergeEntries(
    new Map(),
    Object.assign({}, ...items.map(({ data }) => data ?? {})) as Record<string, string>,
  );
  for (const problem of problems) io.note(`xtrinode: route entry ${problem}\n`);
  return entries.values();
}

function entriesOfFile(text: string, io: CliIo): Iterable<RouteEntry> {
  const { entries, problems } = readFileEntries(readYamlDocuments(text)[0]);
  for (const problem of problems) io.note(`xtrinode: ${problem}\n`);
  return entries;
}

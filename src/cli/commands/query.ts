// xtrinode query SQL: runs one statement through the gateway and waits for a sleeping runtime to wake.
import { Option } from 'commander';
import type { Command } from 'commander';
import { homeOption } from '../connect.ts';
import { homeDirectory, readUpState } from '../home.ts';
import { CliError } from '../io.ts';
import type { CliIo } from '../io.ts';
import { createRowFormatter, formatHeader } from '../rows.ts';
import type { RowFormat, RowFormatter } from '../rows.ts';
import type { Page } from '../statement.ts';

interface QueryOptions {
  readonly server?: string;
  readonly user?: string;
  readonly catalog?: string;
  readonly schema?: string;
  readonly runtime?: string;
  readonly namespace?: string;
  readonly output: RowFormat;
  readonly home?: string;
}

const defaultServer = 'http://localhost:8080';

export function addQuery(program: Command, io: CliIo): void {
  program
    .command('query')
    .argument('<sql>', 'one statement; "-" reads it from standard input')
    .description('run a statement through the gateway')
    .option('--server <url>', `gateway (default: that of the running "xtrinode up", else ${defaultServer})`)
    .option('--runtime <name>', 'runtime, as NAME or NAMESPACE/NAME (default: the gateway chooses)')
    .option('-n, --namespace <name>', 'namespace of --runtime', 'default')
    .option('--user <name>', 'Trino user (default: USER)')
    .option('--catalog <name>', 'default catalog')
    .option('--schema <name>', 'default schema')
    .addOption(new Option('--output <format>', 'how to print rows').choices(['table', 'csv', 'json']).default('table'))
    .addOption(homeOption())
    .action((sql: string, options: QueryOptions) => query(sql, options, io));
}

async function query(sql: string, options: QueryOptions, io: CliIo): Promise<void> {
  const text = sql === '-' ? await io.readStdin() : sql;
  const server = options.server ?? readUpState(homeDirectory(options.home, io.env))?.gatewayUrl ?? defaultServer;
  if (!URL.canParse(server)) throw new CliError(`--server: "${server}" is not a URL; write for example ${defaultServer}`, 2);
  const statement = formatStatement(text);
  if (statement === '') throw new CliError('the statement is empty', 2);
  let formatter: RowFormatter | undefined;
  const progress = createProgress(io);
  try {
    // Loaded here: the HTTP client costs time and memory that no other command, and no role, need pay.
    const { runStatement } = await import('../statement.ts');
    const headers = statementHeaders(options, io.env['USER']);
    for await (const page of runStatement({ server, sql: statement, headers, clock: io.clock, random: io.random, signal: io.signal })) {
      const { columns } = page;
      if (formatter === undefined && columns !== undefined) {
        progress.clear();
        formatter = createRowFormatter(options.output, columns);
        io.out(formatHeader(options.output, columns));
      }
      if (page.data !== undefined && !Array.isArray(page.data))
        throw new CliError('the gateway answers with spooled results, which this command did not ask for');
      if (formatter !== undefined && page.data !== undefined && page.data.length > 0) {
        progress.clear();
        io.out(formatter.add(page.data));
      }
      if (page.nextUri !== undefined) progress.show(page);
      else if (page.updateType !== undefined)
        io.note(`${page.updateType}${page.updateCount === undefined ? '' : `: ${page.updateCount} rows`}\n`);
    }
    io.out(formatter?.end() ?? '');
  } finally {
    progress.clear();
  }
}

/** Trino takes one statement without its semicolon. Pure. */
export function formatStatement(text: string): string {
  return text.replace(/[\s;]+$/, '').trimStart();
}

/** Pure. */
export function statementHeaders(
  options: Pick<QueryOptions, 'user' | 'catalog' | 'schema' | 'runtime' | 'namespace'>,
  user: string | undefined,
): Record<string, string> {
  const runtime =
    options.runtime === undefined || options.runtime.includes('/')
      ? options.runtime
      : `${options.namespace ?? 'default'}/${options.runtime}`;
  return {
    'X-Trino-User': options.user ?? (user === undefined || user === '' ? 'xtrinode' : user),
    'X-Trino-Source': 'xtrinode-cli',
    'X-Trino-Client-Capabilities': 'PATH,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION',
    'User-Agent': 'xtrinode-cli',
    ...(options.catalog === undefined ? {} : { 'X-Trino-Catalog': options.catalog }),
    ...(options.schema === undefined ? {} : { 'X-Trino-Schema': options.schema }),
    ...(runtime === undefined ? {} : { 'X-Trino-XTrinode': runtime }),
  };
}

/** 'QUEUED, waited 3.2 s' or 'RUNNING, 45 % of 30 splits, 3.4 s'. Pure. */
export function formatProgress(page: Page, waitedMs: number): string {
  const { state = 'WAITING', completedSplits = 0, totalSplits = 0 } = page.stats ?? {};
  const seconds = `${(waitedMs / 1000).toFixed(1)} s`;
  if (totalSplits === 0) return `${state}, waited ${seconds}`;
  return `${state}, ${Math.floor((completedSplits / totalSplits) * 100)} % of ${totalSplits} splits, ${seconds}`;
}

function createProgress(io: CliIo): { show(page: Page): void; clear(): void } {
  const startedAt = io.clock.now();
  let isShown = false;
  return {
    show(page) {
      if (!io.isInteractive) return;
      // One line, redrawn: carriage return, text, erase to the end of the line.
      io.note(`\r${formatProgress(page, io.clock.now() - startedAt)}\u001b[K`);
      isShown = true;
    },
    clear() {
      if (isShown) io.note('\r\u001b[K');
      isShown = false;
    },
  };
}

// How each stock client runs one query: a command line per client, and its rows whichever way it prints them.
import { join } from 'node:path';
import { finish, start, type Child, type Finished } from '../harness/children.ts';
import { requireTools } from '../harness/tools.ts';
import { prepareClients, sources } from './prepare-clients.ts';

export const clientNames = ['cli', 'jdbc', 'python', 'javascript', 'go'] as const;
export type ClientName = (typeof clientNames)[number];

export interface Answer extends Finished {
  readonly client: ClientName;
  /** As JSON values in text, because the clients differ in what is a number; undefined when it failed. */
  readonly rows: readonly (readonly string[])[] | undefined;
}

export interface Clients {
  start(client: ClientName, server: string, sql: string, ...more: readonly string[]): Child;
  /** Runs the query to its end; never throws for a query that fails. */
  query(client: ClientName, server: string, sql: string, ...more: readonly string[]): Promise<Answer>;
}

export const user = 'end-to-end';

/** A short-lived program needs neither the optimising compiler nor a parallel collector. */
const quickJava = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

/** The CLI prints one JSON object per row, the programs of ours one array of arrays. */
function parseRows(client: ClientName, out: string): readonly (readonly string[])[] {
  if (client !== 'cli') return (JSON.parse(out) as unknown[][]).map((row) => row.map(String));
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((line) => Object.values(JSON.parse(line) as object).map(String));
}

export async function createClients(): Promise<Clients> {
  await requireTools();
  const ready = await prepareClients();
  const commands: Readonly<Record<ClientName, (server: string, sql: string) => readonly string[]>> = {
    cli: (server, sql) => [
      ready.java,
      ...quickJava,
      '-jar',
      ready.cliJar,
      '--server',
      server,
      '--user',
      user,
      '--output-format',
      'JSON',
      '--execute',
      sql,
    ],
    jdbc: (server, sql) => [ready.java, ...quickJava, '-cp', ready.jdbcClassPath, 'RunQuery', server, user, sql],
    python: (server, sql) => ['python3', join(sources, 'python', 'run_query.py'), server, user, sql],
    javascript: (server, sql) => [
      process.execPath,
      join(sources, 'javascript', 'run-query.mjs'),
      ready.javascriptDirectory,
      server,
      user,
      sql,
    ],
    go: (server, sql) => [ready.goProgram, server, user, sql],
  };
  const env = { ...process.env, PYTHONPATH: ready.pythonPath, PYTHONDONTWRITEBYTECODE: '1', NODE_OPTIONS: '' };

  function startClient(client: ClientName, server: string, sql: string, ...more: readonly string[]): Child {
    return start([...commands[client](server, sql), ...more], { env });
  }
  return {
    start: startClient,
    async query(client, server, sql, ...more) {
      const finished = await finish(startClient(client, server, sql, ...more));
      return { ...finished, client, rows: finished.code === 0 ? parseRows(client, finished.out) : undefined };
    },
  };
}

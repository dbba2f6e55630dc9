// How each stock client runs one query: a command line per client, and its rows whichever way it prints them.
import { join } from 'node:path';
import { finish, start, type Child, type Finished } from '../harness/children.ts';
import { requireTools } from '../harness/tools.ts';
import { eventually } from '../harness/waiting.ts';
import { prepareClients, sources } from './prepare-clients.ts';

export const clientNames = ['cli', 'jdbc', 'python', 'javascript', 'go'] as const;
export type ClientName = (typeof clientNames)[number];

export interface Answer extends Finished {
  readonly client: ClientName;
  /** As JSON values in text, because the clients differ in what is a number; undefined when it failed. */
  readonly rows: readonly (readonly string[])[] | undefined;
}

/** A client whose program is loaded and which has asked nothing yet. */
export interface BootedClient {
  /** Fulfilled when it waits for nothing but its release. */
  readonly isReady: Promise<void>;
  /** Lets it connect and ask; its end. */
  release(): Promise<Answer>;
  /** kill -9, for one that is not released. */
  end(): void;
}

export interface Clients {
  start(client: ClientName, server: string, sql: string, ...more: readonly string[]): Child;
  /** Runs the query to its end; never throws for a query that fails. */
  query(client: ClientName, server: string, sql: string, ...more: readonly string[]): Promise<Answer>;
  /**
   * Starts it without letting it ask: the programs of ours wait for the end of their input, the CLI at its prompt. So that the
   * Java clients have all their classes, they ask `server` something before, which must have an answer then, without rows.
   */
  boot(client: ClientName, server: string, sql: string): BootedClient;
  /** The CLI at its prompt: one session, statement by statement. */
  openPrompt(server: string): Prompt;
  /** Runs the query with the Python client and kills it by its first id when it is in that state; what became of both. */
  cancelAsSuperset(server: string, sql: string, state: string): Promise<CancelledBySuperset>;
}

export interface Prompt {
  /** All that the CLI draws for the statement until it asks for the next one, its progress too. */
  ask(statement: string): Promise<string>;
  close(): Promise<Finished>;
}

export interface CancelledBySuperset {
  readonly id: string;
  /** Rows of the call. */
  readonly called: readonly unknown[];
  readonly error?: string;
  readonly message?: string;
}

export const user = 'end-to-end';

/** A short-lived program needs neither the optimising compiler nor a parallel collector. */
const quickJava = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

/** Twenty at once on two cores, eight of them Java. */
const bootMs = 60_000;
/** A wake on a busy machine. */
const promptMs = 120_000;
/** What the Java clients ask so that their classes are loaded. */
const warmUp = 'SELECT 1';

/** The CLI prints one JSON object per row, at its prompt after that and its progress; the programs of ours one array of arrays. */
function parseRows(client: ClientName, out: string): readonly (readonly string[])[] {
  if (client !== 'cli') return (JSON.parse(out) as unknown[][]).map((row) => row.map(String));
  const rows = out.split('\n').map((line) => /\{".*\}$/.exec(line)?.[0]);
  return rows.filter((row) => row !== undefined).map((row) => Object.values(JSON.parse(row) as object).map(String));
}

async function answerOf(client: ClientName, end: Promise<Finished>): Promise<Answer> {
  const finished = await end;
  return { ...finished, client, rows: finished.code === 0 ? parseRows(client, finished.out) : undefined };
}

export async function createClients(): Promise<Clients> {
  await requireTools();
  const ready = await prepareClients();
  const cli = (server: string): readonly string[] => [ready.java, ...quickJava, '-jar', ready.cliJar, '--server', server, '--user', user];
  const python = join(sources, 'python', 'run_query.py');
  const javascript = [join(sources, 'javascript', 'run-query.mjs'), ready.javascriptDirectory];
  const interactive = (server: string): readonly string[] => [...cli(server), '--output-format-interactive', 'JSON'];
  const commands: Readonly<Record<ClientName, (server: string, sql: string) => readonly string[]>> = {
    cli: (server, sql) => [...cli(server), '--output-format', 'JSON', '--execute', sql],
    jdbc: (server, sql) => [ready.java, ...quickJava, '-cp', ready.jdbcClassPath, 'RunQuery', server, user, sql],
    python: (server, sql) => ['python3', python, server, user, sql],
    javascript: (server, sql) => [process.execPath, ...javascript, server, user, sql],
    go: (server, sql) => [ready.goProgram, server, user, sql],
  };
  const env = { ...process.env, PYTHONPATH: ready.pythonPath, PYTHONDONTWRITEBYTECODE: '1', NODE_OPTIONS: '' };

  return {
    start(client, server, sql, ...more) {
      const child = start([...commands[client](server, sql), ...more], { env });
      child.process.stdin?.end();
      return child;
    },
    query(client, server, sql, ...more) {
      return answerOf(client, finish(start([...commands[client](server, sql), ...more], { env })));
    },
    boot(client, server, sql) {
      const isCli = client === 'cli';
      const child = start(isCli ? interactive(server) : [...commands[client](server, sql), ...(client === 'jdbc' ? [warmUp] : [])], {
        env,
      });
      return {
        isReady: isCli ? warmCli(child) : said(child, /^ready$/m),
        release: () => answerOf(client, finish(child, isCli ? `${sql};\n` : '')),
        end: () => child.process.kill('SIGKILL'),
      };
    },
    openPrompt(server) {
      const child = start(interactive(server), { env });
      let drawn = 0;
      return {
        async ask(statement) {
          // What is typed before it asks for it gets lost.
          await eventually('the CLI’s prompt', promptMs, () => child.out().slice(drawn).endsWith('trino> '), 50);
          drawn = child.out().length;
          child.process.stdin?.write(`${statement};\n`);
          return eventually('the next prompt of the CLI', promptMs, () => /^([^]*)trino> $/.exec(child.out().slice(drawn))?.[1], 50);
        },
        close: () => finish(child),
      };
    },
    async cancelAsSuperset(server, sql, state) {
      const { code, out, notes } = await finish(
        start(['python3', join(sources, 'python', 'superset_cancel.py'), server, user, sql, state], { env }),
      );
      if (code !== 0) throw new Error(`the Python client failed: ${notes}`);
      return JSON.parse(out) as CancelledBySuperset;
    },
  };
}

/** Fulfilled when a booting client has said that on either output. */
async function said(child: Child, words: RegExp): Promise<void> {
  await eventually(`a booting client’s words ${words}`, bootMs, () => words.test(child.notes() + child.out()), 50);
}

/** At its prompt it waits for a statement; what it finds in its input before that it takes for a script. */
async function warmCli(child: Child): Promise<void> {
  await said(child, /trino> $/);
  child.process.stdin?.write(`${warmUp};\n`);
  await said(child, /trino> [^]*trino> $/);
}

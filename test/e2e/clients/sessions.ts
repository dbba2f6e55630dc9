// How each stock client runs many statements: sessions at the same time, in each one step after the other, in one process. For SQLAlchemy
// and dbt too. What a client prints is compared with what the same client prints elsewhere, so each prints in its own way.
import { join } from 'node:path';
import { finish, start, type Child, type Finished } from '../harness/children.ts';
import { requireTools } from '../harness/tools.ts';
import { prepareSessions, sources } from './prepare-clients.ts';

export const sessionClients = ['jdbc', 'python', 'sqlalchemy', 'javascript', 'go'] as const;
export type SessionClient = (typeof sessionClients)[number];

/** Where a client connects and as whom. */
export interface Place {
  readonly url: string;
  readonly user: string;
  readonly password?: string;
  /** PEM file with the certificate to trust. */
  readonly trustedFile?: string;
}

export interface Step {
  /** `digest`: rows are counted and hashed, not kept. `cancel`: after its first row. `metadata`: of the schema in `text`. */
  readonly kind: 'run' | 'digest' | 'prepared' | 'cancel' | 'begin' | 'commit' | 'rollback' | 'metadata';
  readonly text: string;
}

export interface StepAnswer {
  readonly session: number;
  readonly step: number;
  readonly columns?: readonly string[];
  readonly rows?: readonly unknown[];
  readonly count?: number;
  readonly digest?: string;
  readonly error?: string;
}

/** All loaded, and nothing asked yet. */
export interface BootedSessions {
  isReady(): boolean;
  /** Lets it connect and ask; all its answers in order. Rejects when the program itself fails. */
  release(): Promise<readonly StepAnswer[]>;
}

export interface Sessions {
  boot(client: SessionClient, place: Place, sessions: readonly (readonly Step[])[]): BootedSessions;
  run(client: SessionClient, place: Place, steps: readonly Step[]): Promise<readonly StepAnswer[]>;
  /** The CLI in batch mode: all statements in one session, going on after errors. */
  cli(place: Place, statements: readonly string[], ...options: readonly string[]): Child;
  /** dbt with the project of the tests, in a directory that is its own. */
  dbt(place: Place, directory: string, schema: string, ...command: readonly string[]): Promise<Finished>;
  /** SHA-256 and length of what the CLI prints for a statement, which is too much to keep. */
  cliDigest(place: Place, statement: string): Promise<Finished>;
}

/** Programs that read and write UTF-8, whatever the machine is set to. */
const locale = { LC_ALL: 'C.UTF-8', PYTHONUTF8: '1', PYTHONDONTWRITEBYTECODE: '1', NODE_OPTIONS: '', TZ: 'UTC' };
const quickJava = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx512m', '-Duser.timezone=UTC'];

export async function createSessions(): Promise<Sessions> {
  await requireTools();
  const ready = await prepareSessions();
  const env = { ...process.env, ...locale };
  const python = [join(sources, 'python', 'run_sessions.py')];
  const javascript = [join(sources, 'javascript', 'run-sessions.mjs'), ready.javascriptDirectory];
  const commands: Readonly<Record<SessionClient, readonly string[]>> = {
    jdbc: [ready.java, ...quickJava, '-cp', ready.jdbcClassPath, 'RunSessions'],
    python: ['python3', ...python, 'dbapi'],
    sqlalchemy: ['python3', ...python, 'sqlalchemy'],
    javascript: [process.execPath, ...javascript],
    go: [ready.goProgram],
  };

  /** Python's requests takes the bundle of the machine's own settings before the one that it is given. */
  const trusting = ({ trustedFile }: Place): NodeJS.ProcessEnv => (trustedFile === undefined ? {} : { REQUESTS_CA_BUNDLE: trustedFile });

  function boot(client: SessionClient, place: Place, sessions: readonly (readonly Step[])[]): BootedSessions {
    const { url, user, password = '', trustedFile = '' } = place;
    const PYTHONPATH = client === 'sqlalchemy' ? ready.dbtPath : ready.pythonPath;
    const child = start([...commands[client], url, user, password, trustedFile], { env: { ...env, PYTHONPATH, ...trusting(place) } });
    const lines = sessions.flatMap((steps, session) => steps.map(({ kind, text }) => `${session}\t${kind}\t${text}\n`));
    return {
      isReady: () => child.notes().includes('ready\n'),
      async release() {
        const { code, out, notes } = await finish(child, lines.join(''));
        if (code !== 0) throw new Error(`${client} ended with ${code}: ${notes}`);
        const answers = out.split('\n').filter((line) => line !== '');
        return answers
          .map((line) => JSON.parse(line) as StepAnswer)
          .toSorted((one, other) => one.session - other.session || one.step - other.step);
      },
    };
  }

  function cliCommand({ url, user, password, trustedFile }: Place): readonly string[] {
    const trust = trustedFile === undefined ? [] : ['--truststore-path', trustedFile];
    const named = ['--server', url, '--user', user, ...(password === undefined ? [] : ['--password'])];
    return [ready.java, ...quickJava, '-jar', ready.cliJar, ...named, ...trust, '--progress=false'];
  }
  const cliEnv = ({ password }: Place): NodeJS.ProcessEnv => ({ ...env, ...(password === undefined ? {} : { TRINO_PASSWORD: password }) });

  return {
    boot,
    run: (client, place, steps) => boot(client, place, [steps]).release(),
    cli(place, statements, ...options) {
      const command = [...cliCommand(place), '--output-format', 'CSV_HEADER', '--ignore-errors', ...options];
      const child = start([...command, '--execute', statements.join(';\n')], { env: cliEnv(place) });
      child.process.stdin?.end();
      return child;
    },
    cliDigest(place, statement) {
      const command = [...cliCommand(place), '--output-format', 'CSV', '--execute', statement];
      // Its end is that of the CLI; the hash goes out when that is done.
      const script = 'set -o pipefail; "$@" | tee >(wc -lc >&2) | sha256sum';
      return finish(start(['bash', '-c', script, 'cli', ...command], { env: cliEnv(place) }));
    },
    dbt(place, directory, schema, ...command) {
      const { url, user, password, trustedFile } = place;
      const { hostname, port, protocol } = new URL(url);
      const project = join(sources, 'dbt');
      return finish(
        start(['python3', '-m', 'dbt.cli.main', '--no-use-colors', ...command, '--project-dir', project, '--profiles-dir', project], {
          env: {
            ...env,
            ...trusting(place),
            PYTHONPATH: ready.dbtPath,
            DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
            DBT_TARGET_PATH: join(directory, 'target'),
            DBT_LOG_PATH: join(directory, 'logs'),
            TRINO_METHOD: password === undefined ? 'none' : 'ldap',
            TRINO_HOST: hostname,
            TRINO_PORT: port,
            TRINO_SCHEME: protocol.replace(':', ''),
            TRINO_USER: user,
            TRINO_PASSWORD: password ?? '',
            TRINO_CERT: trustedFile ?? '',
            TRINO_SCHEMA: schema,
          },
        }),
      );
    },
  };
}

// Two hundred sessions of all stock clients at the same time, each with statements whose texts nobody else has: so that the coordinator
// can tell how often each ran.
import { user } from '../clients/clients.ts';
import { type BootedSessions, type Place, type SessionClient, type Sessions, type Step, type StepAnswer } from '../clients/sessions.ts';
import { eventually } from './waiting.ts';

/** Few Java processes: each costs as much as all of the Go client's sessions. */
const shares = { go: 60, javascript: 60, python: 50, jdbc: 22, cli: 8 } as const;
export type LoadClient = keyof typeof shares;
export const loadSessions = Object.values(shares).reduce((sum, share) => sum + share, 0);
const bootMs = 120_000;

/** Statement number `step` of a session, whose name is in its text. */
export type StatementOf = (session: string, step: number) => string;

export interface Failure {
  readonly client: LoadClient;
  readonly session: string;
  /** Of the statement; empty where the client does not tell. */
  readonly text: string;
  readonly error: string;
}

export interface LoadResult {
  readonly failures: readonly Failure[];
  /** Statements that clients took for successful. */
  readonly successes: readonly string[];
}

export interface Load {
  /** All clients ask. */
  release(): Promise<LoadResult>;
}

interface Booted {
  readonly client: SessionClient;
  readonly booted: BootedSessions;
  readonly texts: readonly (readonly string[])[];
}

function sessionsOf(client: LoadClient, steps: number, statementOf: StatementOf): readonly (readonly string[])[] {
  return Array.from({ length: shares[client] }, (_, index) =>
    Array.from({ length: steps }, (__, step) => statementOf(`${client}-${index}`, step)),
  );
}

/** Fulfilled when their programs are loaded; only the CLI, which cannot wait, is started by the release. */
export async function prepareLoad(sessions: Sessions, url: string, steps: number, statementOf: StatementOf): Promise<Load> {
  const place: Place = { url, user };
  const booted: readonly Booted[] = (['go', 'javascript', 'python', 'jdbc'] as const).map((client) => {
    const texts = sessionsOf(client, steps, statementOf);
    const asked = texts.map((each) => each.map((text): Step => ({ kind: 'digest', text })));
    return { client, texts, booted: sessions.boot(client, place, asked) };
  });
  for (const each of booted) await eventually(`${each.client} is loaded`, bootMs, () => each.booted.isReady(), 50);

  return {
    async release() {
      const failures: Failure[] = [];
      const successes: string[] = [];
      const note = (client: LoadClient, session: number, text: string, error: string | undefined): void => {
        if (error === undefined) successes.push(text);
        else failures.push({ client, session: `${client}-${session}`, text, error });
      };
      const programs = booted.map(async ({ client, booted: program, texts }) => {
        const answers: readonly StepAnswer[] = await program.release();
        for (const { session, step, error } of answers) note(client as LoadClient, session, texts[session]?.[step] ?? '', error);
      });
      const lines = sessionsOf('cli', steps, statementOf).map(async (texts, session) => {
        const child = sessions.cli(place, texts);
        const { code } = await child.ended;
        const failed = child
          .notes()
          .split('\n')
          .filter((line) => /failed|Error|Exception/.test(line));
        // It goes on after a failure: which statement it was is not told.
        for (const text of failed.length === 0 && code === 0 ? texts : []) note('cli', session, text, undefined);
        for (const line of failed) note('cli', session, '', line);
      });
      await Promise.all([...programs, ...lines]);
      return { failures, successes };
    },
  };
}

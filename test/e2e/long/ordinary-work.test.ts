// The ordinary work of every stock client through two gateways behind a balancer, compared word by word with the same client on the same
// coordinator without them: what it prints, its errors with their positions, and what the coordinator knows of a cancelled query.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createSessions, sessionClients, type Place, type SessionClient, type StepAnswer } from '../clients/sessions.ts';
import { openPlain, openSecured, type OrdinaryPlaces } from '../harness/ordinary-places.ts';
import {
  endlessQuery,
  hugeResult,
  lastStatements,
  ordinarySteps,
  plainStatements,
  transactionStatements,
  wideResult,
} from '../harness/ordinary-steps.ts';
import { aHome } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const sessions = await createSessions();
const cancelledMs = 60_000;
const startMs = 60_000;

/** Without what differs from one run to the next: ids, times, and the directory of dbt. */
function normalize(text: string): string {
  return text
    .replaceAll(/\d{8}_\d{6}_\d{5}_\w{5}/g, 'QUERY')
    .replaceAll(/^\d\d:\d\d:\d\d {2}|^.*org\.jline\.utils\.Log logr$/gm, '')
    .replaceAll(/\d+\.\d+ seconds|\d+\.\d+s\b/g, 'TIME');
}

function normalizeAnswers(answers: readonly StepAnswer[]): readonly unknown[] {
  return JSON.parse(normalize(JSON.stringify(answers))) as readonly unknown[];
}

/** How the coordinator ended the only query with that mark. */
async function endOf(place: Place, mark: string): Promise<string> {
  const text = `SELECT state, error_code FROM system.runtime.queries WHERE query LIKE '%AS mark FROM%' AND query LIKE '%${mark}%' AND query NOT LIKE '%runtime%'`;
  return eventually(`the end of ${mark}`, cancelledMs, async () => {
    const [answer] = await sessions.run('go', place, [{ kind: 'run', text }]);
    assert.equal(answer?.error, undefined);
    const [row] = (answer?.rows ?? []) as readonly (readonly string[])[];
    return row?.[0] === 'RUNNING' || row === undefined ? undefined : row.join(' ');
  });
}

async function compareSessions(client: SessionClient, { direct, throughGateways, version }: OrdinaryPlaces): Promise<void> {
  const steps = ordinarySteps(`work_${client}`, client === 'jdbc' || client === 'sqlalchemy');
  const expected = await sessions.run(client, direct, steps);
  const found = await sessions.run(client, throughGateways, steps);
  assert.equal(found.length, steps.length);
  for (const [index, step] of steps.entries()) {
    const [one, other] = [expected, found].map((answers) => normalizeAnswers(answers.slice(index, index + 1)));
    assert.deepEqual(other, one, `${client} on ${version}: ${step.kind} ${step.text.slice(0, 200)}`);
  }
  assert.equal(found.find(({ step }) => steps[step]?.text === hugeResult)?.error, undefined);
  for (const [place, mark] of [
    [direct, `directly-${client}`],
    [throughGateways, `through-${client}`],
  ] as const) {
    await sessions.run(client, place, [{ kind: 'cancel', text: endlessQuery(mark) }]);
    assert.match(await endOf(direct, mark), /^FAILED (USER_CANCELED|ABANDONED_QUERY|ADMINISTRATIVELY_KILLED)/, mark);
  }
}

async function compareCli({ direct, throughGateways }: OrdinaryPlaces): Promise<void> {
  const statements = [...plainStatements('work_cli'), ...transactionStatements, wideResult, ...lastStatements('work_cli')];
  const work = async (place: Place): Promise<string> => {
    const child = sessions.cli(place, statements);
    await child.ended;
    return normalize(`${child.out()}\n${child.notes()}`);
  };
  const expected = await work(direct);
  assert.match(expected, /line 1:13: Column 'nowhere' cannot be resolved/);
  assert.deepEqual((await work(throughGateways)).split('\n'), expected.split('\n'));
  assert.deepEqual(await digest(throughGateways), await digest(direct));

  const child = sessions.cli(throughGateways, [endlessQuery('through-cli')]);
  await eventually('its first rows', cancelledMs, () => child.out().includes('through-cli'));
  child.process.kill('SIGINT');
  await child.ended;
  assert.match(await endOf(direct, 'through-cli'), /^FAILED USER_CANCELED/);
}

async function digest(place: Place): Promise<readonly string[]> {
  const { code, out, notes } = await sessions.cliDigest(place, hugeResult);
  assert.equal(code, 0, notes);
  return [out, normalize(notes)];
}

async function compareDbt({ direct, throughGateways }: OrdinaryPlaces): Promise<void> {
  const work = async (place: Place): Promise<string> => {
    const directory = aHome();
    let told = '';
    for (const command of ['seed', 'run', 'run', 'test']) {
      const { code, out, notes } = await sessions.dbt(place, directory, 'work_dbt', command);
      assert.equal(code, 0, `dbt ${command}: ${out}${notes}`);
      told += normalize(`${out}\n${notes}`);
    }
    const tables = ['people', 'numbers', 'both', 'grows'];
    const counted = tables.map((name) => ({ kind: 'run', text: `SELECT count(*) FROM memory.work_dbt.${name}` }) as const);
    const dropped = tables.map(
      (name) => ({ kind: 'run', text: `DROP ${name === 'both' ? 'VIEW' : 'TABLE'} memory.work_dbt.${name}` }) as const,
    );
    const answers = await sessions.run('go', place, [...counted, ...dropped.toReversed()]);
    return told + JSON.stringify(answers);
  };
  const expected = await work(direct);
  assert.deepEqual((await work(throughGateways)).split('\n'), expected.split('\n'));
}

/** Each client's own words for a refusal: the coordinator's challenge reaches it as it is. */
async function compareWrongPassword({ direct, throughGateways }: OrdinaryPlaces): Promise<void> {
  for (const client of ['jdbc', 'python', 'javascript', 'go'] as const) {
    const steps = [{ kind: 'run', text: 'SELECT 1' }] as const;
    const [expected, found] = [
      await sessions.run(client, { ...direct, password: 'wrong' }, steps),
      await sessions.run(client, { ...throughGateways, password: 'wrong' }, steps),
    ];
    assert.match(found[0]?.error ?? '', /401|[Cc]redentials|[Uu]nauthorized/);
    assert.deepEqual(found, expected, client);
  }
}

async function runsQueries(place: Place): Promise<boolean> {
  const [answer] = await sessions.run('go', place, [{ kind: 'run', text: 'SELECT 1' }]);
  return answer?.error === undefined;
}

function sayConnections(t: TestContext, places: OrdinaryPlaces): void {
  const connections = places.connections();
  t.diagnostic(`connections to the two gateways: ${connections.join(' and ')}`);
  assert.ok(Math.min(...connections) > 0, 'both were used');
}

for (const [name, open] of [
  ['Trino 483 over plain HTTP [row 25]', openPlain],
  ['Trino 476 with a password file, TLS on both sides of the gateways [row 12] [row 42]', openSecured],
] as const) {
  test(`ordinary work on ${name}`, async (t) => {
    const places = await open();
    // A Trino that has just started knows no node yet, and would tell that the first client alone.
    await eventually('a query that runs', startMs, () => runsQueries(places.direct));
    for (const client of sessionClients) {
      await t.test(`${client}: the same as without gateways, and a cancelled query ends`, () => compareSessions(client, places));
    }
    await t.test('cli: the same as without gateways, and Ctrl-C ends its query', () => compareCli(places));
    await t.test('dbt: seed, run twice and test, the same as without gateways', () => compareDbt(places));
    if (places.direct.password !== undefined) {
      await t.test('a wrong password is refused in the same words', () => compareWrongPassword(places));
    }
    sayConnections(t, places);
  });
}

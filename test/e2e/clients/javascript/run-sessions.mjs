// Runs sessions of the stock JavaScript client at the same time, each a list of steps one after the other. Arguments: directory that
// holds the client's node_modules, server URL, user, password and a PEM file of certificates to trust (both may be empty). Input:
// lines of session, kind and text, between tabs; it connects when the input ends. Prints one JSON object per step.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const [directory, server, user, password, trusted] = process.argv.slice(2);
const { BasicAuth, Trino } = createRequire(join(directory, 'package.json'))('trino-client');
process.stderr.write('ready\n');

const sessions = new Map();
for (const line of (await text(process.stdin)).split('\n').filter((each) => each !== '')) {
  const [session, kind, sql] = line.split('\t');
  sessions.set(Number(session), [...(sessions.get(Number(session)) ?? []), { kind, sql }]);
}

function connect() {
  const auth = password === '' ? new BasicAuth(user) : new BasicAuth(user, password);
  return Trino.create({ server, auth, ...(trusted === '' ? {} : { ssl: { ca: readFileSync(trusted) } }) });
}

function failIfAsked({ error }) {
  if (error === undefined) return;
  const { lineNumber, columnNumber } = error.errorLocation ?? {};
  throw new Error(`${error.errorName} at ${lineNumber}:${columnNumber}: ${error.message}`);
}

async function query(trino, sql, isDigest) {
  const answer = { columns: [], rows: [], count: 0 };
  const hash = createHash('sha256');
  for await (const page of await trino.query(sql)) {
    failIfAsked(page);
    answer.columns = page.columns?.map(({ name }) => name) ?? answer.columns;
    for (const row of page.data ?? []) {
      answer.count += 1;
      if (isDigest) hash.update(JSON.stringify(row));
      else answer.rows.push(row);
    }
  }
  return isDigest ? { ...answer, rows: undefined, digest: hash.digest('hex') } : answer;
}

async function cancel(trino, sql) {
  const pages = await trino.query(sql);
  const first = await pages.next();
  await trino.cancel(first.value.id);
  for await (const page of pages) failIfAsked(page);
}

/** This client has no transactions of its own: it sends no transaction id. */
const words = { begin: 'START TRANSACTION', commit: 'COMMIT', rollback: 'ROLLBACK' };

/** Nor parameters: PREPARE and EXECUTE are statements like others. */
async function prepared(trino, sql) {
  await query(trino, `PREPARE prepared FROM ${sql}`, false);
  return query(trino, "EXECUTE prepared USING 7, 'žluťoučký 🐎'", false);
}

async function runStep(trino, { kind, sql }) {
  if (kind === 'cancel') return cancel(trino, sql);
  if (kind === 'prepared') return prepared(trino, sql);
  return query(trino, words[kind] ?? sql, kind === 'digest');
}

async function runSession(session, steps) {
  const trino = connect();
  for (const [step, what] of steps.entries()) {
    const answer = await runStep(trino, what).catch((error) => ({ error: error.message }));
    process.stdout.write(`${JSON.stringify({ session, step, ...answer })}\n`);
  }
}

await Promise.all([...sessions].map(([session, steps]) => runSession(session, steps)));

// Runs one query with the stock JavaScript client and prints its rows as one JSON array. Arguments: directory that holds the
// client's node_modules, server URL, user, SQL. Says on the error output that it is ready once the client is loaded, and
// connects when its input ends.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const [directory, server, user, sql] = process.argv.slice(2);
const { BasicAuth, Trino } = createRequire(join(directory, 'package.json'))('trino-client');
process.stderr.write('ready\n');
await text(process.stdin);

const trino = Trino.create({ server, auth: new BasicAuth(user) });
const rows = [];
for await (const page of await trino.query(sql)) {
  if (page.error !== undefined) {
    process.stderr.write(`${page.error.errorName}: ${page.error.message}\n`);
    process.exit(1);
  }
  rows.push(...(page.data ?? []));
}
process.stdout.write(`${JSON.stringify(rows)}\n`);

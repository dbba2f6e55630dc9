// Spooled results on real Trino, through the gateway, by stock clients: the runtime that sleeps wakes, rows are right, and every segment
// is fetched and acknowledged. By the default route, where only the addresses tell whose segments they are, through the coordinator;
// and by a host name, from the store itself.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createClients, type ClientName } from '../clients/clients.ts';
import { ensureDistribution } from '../harness/distribution.ts';
import { startObjectStore, type ObjectStore } from '../harness/object-store.ts';
import { aCatalog, aRuntime } from '../harness/runtimes.ts';
import { startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const wakeMs = 5 * 60_000;
/** Some 12 MB of JSON: more than is ever put into pages (128 KB per node), and more than one segment. Next to no work for Trino. */
const sql = 'SELECT orderkey, linenumber, n, comment FROM tpch.tiny.lineitem CROSS JOIN UNNEST(sequence(1, 3)) AS t (n)';
const spoolers: readonly ClientName[] = ['python', 'jdbc', 'go', 'cli'];

function spoolingOf(store: ObjectStore, mode: string): string {
  return `  version: "476"
  spooling:
    location: s3://${store.bucket}/${mode.toLowerCase()}/
    retrievalMode: ${mode}
    segmentTtl: 30m
    properties:
      s3.endpoint: ${store.endpoint}
      s3.region: us-east-1
      s3.path-style-access: "true"
      # Keys of the client's own want https to the store.
      fs.segment.encryption: "false"
    propertySecretRefs:
      s3.aws-access-key: { name: spool-store, key: access }
      s3.aws-secret-key: { name: spool-store, key: secret }
`;
}

function secretOf({ accessKey, secretKey }: ObjectStore): string {
  return `---
apiVersion: v1
kind: Secret
metadata: { name: spool-store, namespace: default }
stringData: { access: ${accessKey}, secret: ${secretKey} }
`;
}

const ordered = (rows: readonly (readonly string[])[] | undefined): readonly string[] => (rows ?? []).map((row) => row.join('|')).sort();

const clients = await createClients();
const store = await startObjectStore();
const up = await startUp({ args: ['--no-quickstart', '--trino-home', await ensureDistribution()] });
const at = (host: string): string => up.gatewayUrl.replace('localhost', host);
let expected: readonly string[] = [];

describe('spooled results of a real Trino', () => {
  before(async () => {
    const options = { catalogs: 'big', wakePatience: '5m' };
    await up.apply(secretOf(store));
    await up.apply(aCatalog('tpch', 'big'));
    await up.apply(aRuntime('proxied', { ...options, routing: '{ default: true }' }) + spoolingOf(store, 'COORDINATOR_PROXY'));
    await up.apply(aRuntime('stored', { ...options, routing: '{ hostname: localhost }' }) + spoolingOf(store, 'STORAGE'));
    // The client that never asks for segments tells what the rows are.
    const whole = await clients.query('javascript', at('127.0.0.1'), sql);
    expected = ordered(whole.rows);
    assert.ok(expected.length > 100_000, `${expected.length} rows: ${whole.notes}`);
    assert.equal(store.count('PutObject'), 0);
  });

  for (const [host, way] of [
    ['127.0.0.1', 'through the coordinator of the default runtime'],
    ['localhost', 'from the store, of a runtime by its host name that sleeps at first'],
  ] as const)
    for (const client of spoolers)
      it(`${way}: ${client} gets the right rows and acknowledges each segment [row 83]`, { timeout: wakeMs }, async () => {
        const before = store.count('PutObject');
        const more = client === 'cli' ? ['--encoding', 'json+zstd'] : [];
        const answer = await clients.query(client, at(host), sql, ...more);
        assert.equal(answer.code, 0, answer.notes);
        assert.deepEqual(ordered(answer.rows), expected);
        assert.ok(store.count('PutObject') > before, 'segments were written');
        await eventually('no segment is left', 30_000, () => store.objects().length === 0, 100);
      });
});

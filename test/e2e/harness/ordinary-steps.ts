// What people do with a client of Trino, as steps for each client; what it prints through a gateway has to be what it prints without.
import type { Step } from '../clients/sessions.ts';

const longText = "rpad(CAST(n AS varchar), 10000, 'žx')";
/** 10,000 rows of 10,000 characters: 150 MB of UTF-8 in JSON. */
export const hugeResult = `SELECT ${longText} AS filler FROM UNNEST(sequence(1, 10000)) AS t (n)`;
export const wideResult = `SELECT ${Array.from({ length: 1000 }, (_, index) => `${index} AS column_${index}`).join(', ')}`;

/** Never ends by itself; the text finds it again in what the coordinator tells. */
export function endlessQuery(mark: string): string {
  return `SELECT orderkey, '${mark}' AS mark FROM tpch.sf10000.lineitem`;
}

const types =
  "SELECT 1 AS a, BIGINT '9007199254740993' AS b, 1.5E0 AS c, DECIMAL '12345678901234567890.10' AS d, true AS e, NULL AS f, 'text' AS g, " +
  "DATE '2026-01-02' AS h, TIMESTAMP '2026-01-02 03:04:05.678' AS i, ARRAY[1, 2] AS k, MAP(ARRAY['x'], ARRAY[1]) AS l, ROW(1, 'y') AS m, X'CAFE' AS n";

/** One statement after the other, each by itself. `schema` is the client's own. */
export function plainStatements(schema: string): readonly string[] {
  const own = `memory.${schema}`;
  return [
    types,
    `SELECT 'žluťoučký 🐎 漢字 \\ "quoted"' AS "ключ"`,
    'SHOW CATALOGS',
    'SHOW SCHEMAS FROM tpch',
    'SHOW TABLES FROM tpch.tiny',
    'DESCRIBE tpch.tiny.nation',
    'SELECT * FROM tpch.tiny.nation ORDER BY nationkey',
    'SELECT 1,   nowhere FROM tpch.tiny.nation',
    'SELEC 1',
    'SELECT 1 / (nationkey - nationkey) FROM tpch.tiny.nation',
    'SELECT * FROM tpch.tiny.nowhere',
    `CREATE SCHEMA ${own}`,
    `CREATE TABLE ${own}.plain (id bigint, name varchar)`,
    `INSERT INTO ${own}.plain VALUES (1, 'Dvořák'), (2, '漢字'), (3, NULL)`,
    `SELECT * FROM ${own}.plain ORDER BY id`,
    `CREATE TABLE ${own}.lines AS SELECT orderkey, comment FROM tpch.tiny.lineitem`,
    `SELECT count(*), count(DISTINCT orderkey) FROM ${own}.lines`,
    `CREATE VIEW ${own}.seen AS SELECT id FROM ${own}.plain`,
    "SET SESSION query_max_run_time = '17m'",
    "SHOW SESSION LIKE 'query_max_run_time'",
    'RESET SESSION query_max_run_time',
    "SHOW SESSION LIKE 'query_max_run_time'",
    'USE tpch.tiny',
    'SELECT count(*) FROM nation',
    "PREPARE named FROM SELECT name FROM tpch.tiny.nation WHERE nationkey = ? AND name <> '漢'",
    'EXECUTE named USING 3',
    'DEALLOCATE PREPARE named',
    'EXECUTE named USING 3',
    'EXPLAIN (TYPE VALIDATE) SELECT 1',
  ];
}

export function lastStatements(schema: string): readonly string[] {
  const own = `memory.${schema}`;
  return [`DROP VIEW ${own}.seen`, `DROP TABLE ${own}.plain`, `DROP TABLE ${own}.lines`, `DROP SCHEMA ${own}`];
}

/** In the words of SQL, for the CLI. */
export const transactionStatements: readonly string[] = [
  'START TRANSACTION',
  'SELECT count(*) FROM tpch.tiny.nation',
  'COMMIT',
  'START TRANSACTION READ ONLY',
  'SELECT count(*) FROM tpch.tiny.region',
  'ROLLBACK',
  'COMMIT',
];

export function ordinarySteps(schema: string, withMetadata: boolean): readonly Step[] {
  const run = (text: string): Step => ({ kind: 'run', text });
  return [
    ...plainStatements(schema).map(run),
    { kind: 'prepared', text: 'SELECT ? + 1 AS a, ? AS b' },
    { kind: 'begin', text: '' },
    run('SELECT count(*) FROM tpch.tiny.nation'),
    { kind: 'commit', text: '' },
    { kind: 'begin', text: '' },
    run('SELECT count(*) FROM tpch.tiny.region'),
    { kind: 'rollback', text: '' },
    run('SELECT 2'),
    ...(withMetadata ? [{ kind: 'metadata', text: schema } as const] : []),
    { kind: 'digest', text: wideResult },
    { kind: 'digest', text: hugeResult },
    ...lastStatements(schema).map(run),
  ];
}

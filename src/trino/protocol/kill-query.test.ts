import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseKillQuery, type SessionNames } from './kill-query.ts';

const nowhere: SessionNames = { catalog: undefined, schema: undefined };
const id = '20261121_151326_00080_wwxez';

function read(text: string, session = nowhere): string | undefined {
  const kill = parseKillQuery(text, session);
  if (kill === undefined) return undefined;
  assert.equal(text.slice(kill.start - 1, kill.end + 1), `'${kill.queryId.replaceAll("'", "''")}'`);
  return kill.message === undefined ? kill.queryId : `${kill.queryId}: ${kill.message}`;
}

describe('a call of kill_query', () => {
  const calls: readonly (readonly [text: string, read: string])[] = [
    [`CALL system.runtime.kill_query('${id}')`, id],
    [`call System.RUNTIME.Kill_Query( '${id}' )\n`, id],
    [`CALL system.runtime.kill_query(query_id => '${id}', message => 'too long')`, `${id}: too long`],
    [`CALL system.runtime.kill_query(message => 'too long', QUERY_ID=>'${id}')`, `${id}: too long`],
    [`CALL system.runtime.kill_query('${id}', 'it''s "me"; --')`, `${id}: it's "me"; --`],
    [`/* a */ -- b\n\tCALL/**/system . runtime /* ' */ . -- '\r\n kill_query('${id}') -- c`, id],
    [`CALL "SYSTEM"."runtime"."Kill_query"("QUERY_ID" => '${id}')`, id],
    [`CALL system.runtime.kill_query('${id}', NULL)`, id],
    [`CALL system.runtime.kill_query('${id}', concat('a', (SELECT ')')))`, id],
    [`CALL system.runtime.kill_query('no''id')`, "no'id"],
  ];
  it('is read as Trino 483 reads it', () => {
    for (const [text, expected] of calls) assert.equal(read(text), expected, text);
  });

  it('may leave out what the session says', () => {
    const session: SessionNames = { catalog: 'System', schema: 'runtime' };
    assert.equal(read(`CALL kill_query('${id}')`, session), id);
    assert.equal(read(`CALL runtime.kill_query('${id}')`, { ...session, schema: 'x' }), id);
    assert.equal(read(`CALL kill_query('${id}')`, { ...session, schema: 'x' }), undefined);
    assert.equal(read(`CALL x.runtime.kill_query('${id}')`, session), undefined);
  });

  const others: readonly string[] = [
    '',
    'CALL',
    `SELECT 'CALL system.runtime.kill_query(''${id}'')'`,
    `-- CALL system.runtime.kill_query('${id}')`,
    `CALLsystem.runtime.kill_query('${id}')`,
    `"CALL" system.runtime.kill_query('${id}')`,
    `CALL runtime.kill_query('${id}')`,
    `CALL system.runtime.kill_query_not('${id}')`,
    `CALL more.system.runtime.kill_query('${id}')`,
    `CALL system..kill_query('${id}')`,
    'CALL system.runtime.kill_query()',
    'CALL system.runtime.kill_query(NULL)',
    "CALL system.runtime.kill_query(message => 'a')",
    `CALL system.runtime.kill_query('${id}');`,
    `CALL system.runtime.kill_query('${id}') x`,
    `CALL system.runtime.kill_query('${id}'`,
    `CALL system.runtime.kill_query('${id}`,
    `CALL system.runtime.kill_query('${id}') /* open`,
    `CALL system.runtime.kill_query('${id}', 'a', 'b')`,
    `CALL system.runtime.kill_query('${id}', message => 'a')`,
    `CALL system.runtime.kill_query("query_id" => '${id}')`,
    `CALL system.runtime.kill_query(\`query_id\` => '${id}')`,
    `CALL system.runtime.kill_query('${id}' 'x')`,
    `CALL system.runtime.kill_query('${id}' || 'x')`,
    `CALL system.runtime.kill_query(lower('${id}'))`,
    `CALL system.runtime.kill_query(U&'${id}')`,
    `CALL system.runtime.kill_query(id => '${id}')`,
    `CALL system.runtime.kill_query(query_id = > '${id}')`,
    `EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(''${id}'')'`,
  ];
  it('is nothing else', () => {
    for (const text of others) assert.equal(read(text), undefined, text);
  });

  const blank = fc
    .array(fc.constantFrom(' ', '\n', '\t', '\r\n', '/* \' " ( */', "-- it's, )\n", '/**/'), { maxLength: 4 })
    .map((parts) => parts.join(''));
  const cased = (word: string) =>
    fc.array(fc.boolean(), { minLength: word.length, maxLength: word.length }).map((upper) =>
      word
        .split('')
        .map((letter, at) => (upper[at] === true ? letter.toUpperCase() : letter))
        .join(''),
    );
  const named = (word: string) => fc.tuple(cased(word), fc.boolean()).map(([text, isQuoted]) => (isQuoted ? `"${text}"` : text));
  const argument = (word: string, isNamed: boolean) =>
    isNamed ? fc.tuple(cased(word), blank, blank).map(([name, a, b]) => `${name}${a}=>${b}`) : fc.constant('');
  const call = fc
    .record({
      isNamed: fc.boolean(),
      message: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      value: fc.string({ unit: 'grapheme' }),
    })
    .chain(({ isNamed, message, value }) =>
      fc
        .tuple(
          fc.array(blank, { minLength: 12, maxLength: 12 }),
          cased('call'),
          named('system'),
          named('runtime'),
          named('kill_query'),
          argument('query_id', isNamed),
          argument('message', isNamed),
        )
        .map(([b, word, system, runtime, name, first, second]) => {
          const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
          const before = `${b[0]}${word} ${b[1]}${system}${b[2]}.${b[3]}${runtime}${b[4]}.${b[5]}${name}${b[6]}(${b[7]}${first}`;
          const more = message === undefined ? '' : `${b[8]},${b[9]}${second}${quote(message)}`;
          return { text: `${before}${quote(value)}${more}${b[10]})${b[11]}`, start: before.length + 1, value, message };
        }),
    );
  it('is found whatever its case, quotes, blanks and comments, and its literal is where it says', () => {
    fc.assert(
      fc.property(call, ({ text, start, value, message }) => {
        const end = start + value.replaceAll("'", "''").length;
        assert.deepEqual(parseKillQuery(text, nowhere), { queryId: value, start, end, message });
        // What stands in the literal's place is what is read next.
        assert.equal(read(`${text.slice(0, start)}${id}${text.slice(end)}`), message === undefined ? id : `${id}: ${message}`);
      }),
    );
  });

  it('is looked for in any text without harm', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'CALL ',
        'system',
        '.',
        'runtime',
        'kill_query',
        '(',
        ')',
        ',',
        "'",
        '"',
        '`',
        '/*',
        '*/',
        '--',
        '\n',
        '=>',
        'x',
        '\u0000',
        'é',
      ),
      { maxLength: 40 },
    );
    fc.assert(fc.property(pieces, (some) => void read(some.join(''))));
    const long = `CALL system.runtime.kill_query('x', ${'/*'.repeat(4_000)}`;
    assert.equal(read(long), undefined);
  });
});

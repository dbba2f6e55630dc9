import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatYaml, isYamlError, readYamlDocuments } from './kubernetes-yaml.ts';

function read(text: string): unknown {
  return readYamlDocuments(text)[0];
}

test('scalars mean what they mean to Kubernetes, not what YAML 1.2 says', () => {
  const cases: [string, unknown][] = [
    ['0644', 420],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b11', 3],
    ['08', 8],
    ['1_000', 1000],
    ['1e3', 1000],
    ['+1', 1],
    ['-0x10', -16],
    ['.5', 0.5],
    ['1.', 1],
    ['yes', true],
    ['No', false],
    ['on', true],
    ['OFF', false],
    ['y', true],
    ['n', false],
    ['TRUE', true],
    ['~', null],
    ['null', null],
    ['1:30', '1:30'],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['1e400', '1e400'],
    ['"yes"', 'yes'],
    ["'0644'", '0644'],
    ['1.2.3', '1.2.3'],
    ['512Mi', '512Mi'],
  ];
  for (const [text, value] of cases) assert.deepEqual(read(`v: ${text}`), { v: value }, text);
});

test('keys are strings, booleans among them included, and merge keys work', () => {
  assert.deepEqual(read('yes: 1\n0644: 2\nplain: 3'), { true: 1, 420: 2, plain: 3 });
  assert.deepEqual(read('base: &b {a: 1}\nmore: {<<: *b, c: 2}'), { base: { a: 1 }, more: { a: 1, c: 2 } });
});

test('empty documents are left out, JSON is YAML, and a key given twice is an error with its place', () => {
  assert.deepEqual(readYamlDocuments('---\n---\na: 1\n---\n# nothing\n---\n{"b": 2}\n'), [{ a: 1 }, { b: 2 }]);
  assert.throws(
    () => readYamlDocuments('a: 1\na: 2\n'),
    (error: unknown) => isYamlError(error) && /duplicated mapping key \(2:1\)/.test(error.message),
  );
});

test('whatever is printed is read back the same', () => {
  const scalar = fc.oneof(
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.constantFrom(
      'yes',
      'n',
      'On',
      '0644',
      '1e3',
      '1_000',
      '08',
      '0o17',
      '~',
      'null',
      '',
      ' x',
      'a: b',
      '# c',
      '2026-01-01',
      '1:30',
      '.5',
      '<<',
      '=',
      '-',
      '- a',
      'a\nb\n',
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  );
  const key = fc
    .oneof(fc.constantFrom('yes', 'y', '0644', '<<', 'on', 'a'), fc.string({ minLength: 1 }))
    .filter((name) => name !== '__proto__');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (object) =>
      assert.deepEqual(read(formatYaml(object)), object),
    ),
  );
});

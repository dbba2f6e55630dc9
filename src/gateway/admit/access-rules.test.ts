import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayUse, parseAccessRules } from './access-rules.ts';

function runtimesFor(value: unknown, name: string, groups: readonly string[] = []): string[] {
  const rules = parseAccessRules(value);
  assert.ok(typeof rules !== 'string');
  const all = ['a/sales', 'a/sales-eu', 'a-b/sales', 'b/etl', 'b/x-sales-eu-2'];
  return all.filter((one) => mayUse(rules, { name, groups }, { namespace: one.split('/')[0] ?? '', name: one.split('/')[1] ?? '' }));
}

describe('an access rule', () => {
  it('allows users and groups the runtimes it names, and nobody else anything', () => {
    const rules = [
      { users: ['ann'], runtimes: ['a/sales', 'b/*'] },
      { groups: ['analysts'], runtimes: ['a*/sales'] },
    ];
    assert.deepEqual(runtimesFor(rules, 'ann'), ['a/sales', 'b/etl', 'b/x-sales-eu-2']);
    assert.deepEqual(runtimesFor(rules, 'bob', ['others', 'analysts']), ['a/sales', 'a-b/sales']);
    assert.deepEqual(runtimesFor(rules, 'bob'), []);
    // A group's name is no user's.
    assert.deepEqual(runtimesFor(rules, 'analysts'), []);
  });

  it('takes * for any part of a namespace or name, never for the slash between', () => {
    for (const [pattern, expected] of [
      ['*/*', ['a/sales', 'a/sales-eu', 'a-b/sales', 'b/etl', 'b/x-sales-eu-2']],
      ['a/sales*', ['a/sales', 'a/sales-eu']],
      ['*/*-eu', ['a/sales-eu']],
      ['b/*sales*2', ['b/x-sales-eu-2']],
      ['b/x*x', []],
      ['a*/etl', []],
    ] as const)
      assert.deepEqual(runtimesFor([{ users: ['*'], runtimes: [pattern] }], 'ann'), expected, pattern);
  });

  for (const [value, problem] of [
    [[], /a list of rules/],
    [undefined, /a list of rules/],
    [[{ users: ['a'] }], /rule 1 needs users or groups, and runtimes/],
    [[{ runtimes: ['a/b'] }], /rule 1 needs users/],
    [[{ users: 'ann', runtimes: ['a/b'] }], /users must be a list/],
    [[{ user: ['ann'], runtimes: ['a/b'] }], /user is not known/],
    [[{ users: ['ann'], runtimes: ['sales'] }], /"sales" is not of the form namespace\/name/],
    [['ann'], /rule 1 is no rule/],
  ] as const) {
    it(`is refused when it is ${JSON.stringify(value)}`, () => {
      const parsed = parseAccessRules(value);
      assert.match(typeof parsed === 'string' ? parsed : 'taken', problem);
    });
  }
});

// Whose a held statement is, and who may ask for it (trino-protocol section 9, row 74).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { maybeSame, subjectOf } from './subject.ts';

const basic = (user: string): [string, string] => ['Authorization', `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`];
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: object): [string, string] => ['authorization', `bearer ${part({ alg: 'none' })}.${part(claims)}.c2ln`];

it('reads the user of either family, the user of Basic and the subject of a token', () => {
  const cases: readonly [HeaderPairs, object][] = [
    [[], { user: '' }],
    [[['X-Trino-User', 'ann']], { user: 'ann' }],
    [[['X-Presto-User', 'ann']], { user: 'ann' }],
    [[['x-trino-user', 'ann'], basic('bob')], { user: 'ann', principal: 'bob' }],
    [[jwt({ sub: 'ann@example.com', exp: 1 })], { user: '', principal: 'ann@example.com' }],
    [[jwt({ sub: 7 })], { user: '' }],
    [[['Authorization', 'Bearer opaque']], { user: '' }],
    [[['Authorization', 'Bearer a.%%%.c']], { user: '' }],
    [[['Authorization', 'Bearer a.bm90IGpzb24.c']], { user: '' }],
    [[['Authorization', 'Bearer a.bnVsbA.c']], { user: '' }],
    [[['Authorization', 'Negotiate YII']], { user: '' }],
    [[['Authorization', '']], { user: '' }],
  ];
  for (const [headers, subject] of cases) assert.deepEqual(subjectOf(headers), subject);
});

it('tells subjects apart only by what both of them say', () => {
  const ann = subjectOf([['X-Trino-User', 'ann'], basic('ann')]);
  assert.ok(maybeSame(ann, subjectOf([])), 'the address alone is enough');
  assert.ok(maybeSame(ann, subjectOf([['X-Trino-User', '']])), 'as the Go client polls');
  assert.ok(maybeSame(ann, subjectOf([jwt({ sub: 'ann' })])));
  assert.ok(maybeSame(ann, subjectOf([['Authorization', 'Bearer opaque']])), 'a renewed token that cannot be read');
  assert.ok(!maybeSame(ann, subjectOf([['X-Trino-User', 'eve']])));
  assert.ok(!maybeSame(ann, subjectOf([['X-Trino-User', 'ann'], basic('eve')])));
  assert.ok(!maybeSame(ann, subjectOf([jwt({ sub: 'eve' })])));
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeaderPairs } from '#trino/protocol/headers.ts';
import { nameUser } from './name-user.ts';

const catalog = ['X-Trino-Catalog', 'tpch'] as const;

function named(headers: HeaderPairs, mayImpersonate = false) {
  return nameUser(headers, 'ann', mayImpersonate);
}

describe('the user of a request whose sender is proven', () => {
  it('is the sender when the client names nobody, or the same, once and in its own header family', () => {
    for (const headers of [
      [],
      [['X-Trino-User', '']],
      [
        ['x-trino-user', 'ann'],
        ['X-Trino-User', 'ann'],
      ],
    ] as HeaderPairs[])
      assert.deepEqual(named([...headers, catalog]), { headers: [catalog, ['X-Trino-User', 'ann']], user: 'ann' });
    assert.deepEqual(named([['X-Presto-Schema', 's']]), {
      headers: [
        ['X-Presto-Schema', 's'],
        ['X-Presto-User', 'ann'],
      ],
      user: 'ann',
    });
  });

  it('is nobody else, by no header and in no position', () => {
    const claims: HeaderPairs[] = [
      [['X-Trino-User', 'bob']],
      [
        ['X-TRINO-USER', 'ann'],
        ['x-trino-user', 'bob'],
      ],
      [
        ['X-Trino-Original-User', 'bob'],
        ['X-Trino-User', 'ann'],
      ],
      [['X-Presto-User', 'bob']],
    ];
    for (const headers of claims) assert.deepEqual(named(headers), { mayNotBe: 'bob' });
    assert.equal(
      named([
        ['X-Trino-User', 'ann'],
        ['X-Presto-User', 'bob'],
      ]),
      'mixed-families',
    );
  });

  it('is another one for those who may impersonate', () => {
    assert.deepEqual(
      named(
        [
          ['X-Trino-User', 'bob'],
          ['X-Trino-Original-User', 'eve'],
        ],
        true,
      ),
      {
        headers: [
          ['X-Trino-Original-User', 'eve'],
          ['X-Trino-User', 'bob'],
        ],
        user: 'bob',
      },
    );
  });

  it('is not told by headers of other proxies', () => {
    const claims: HeaderPairs = ['Remote-User', 'X-Remote-User', 'X-Auth-Request-Email', 'X-Client-Cert'].map((name) => [name, 'bob']);
    assert.deepEqual(named(claims), { headers: [['X-Trino-User', 'ann']], user: 'ann' });
  });
});

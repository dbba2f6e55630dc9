// What travels in a held statement's address: authentic, bound, small, and without a credential (design D4).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createHeldAddresses, formatSlug, isSlugOf, type HeldAddresses } from './held-address.ts';
import { createKeyRing, createSealKey, sign } from './seal-key.ts';
import type { SealedStatement } from './sealed-statement.ts';
import { maxSealedLength, open, seal } from './sealed-token.ts';

const id = '20260101_000000_00000_0gwab';
const key = createSealKey(Buffer.alloc(32, 1));
const other = createSealKey(Buffer.alloc(32, 2));

function aStatement(more: Partial<SealedStatement> = {}): SealedStatement {
  return {
    runtime: 'team/a',
    subject: { user: 'ann-of-accounts', principal: 'ann-of-accounts' },
    arrivedAt: Date.UTC(2026, 0, 1),
    patienceMs: 600_000,
    headers: [
      ['X-Trino-User', 'ann-of-accounts'],
      ['X-Trino-Session', 'a=1'],
      ['X-Trino-Session', 'b=ü'],
    ],
    body: Buffer.from("SELECT 'größer' FROM secret_table"),
    ...more,
  };
}

function ringOf(current = key, ...others: (typeof key)[]): ReturnType<typeof createHeldAddresses> {
  return createHeldAddresses(() => createKeyRing({ current, others, isShared: true }), later);
}

function slugOf(addresses: HeldAddresses, capability: string, token: number): string {
  return formatSlug(addresses.sign(id, capability, token), capability);
}

/** Than whatever is sealed here. */
const later = { now: () => Date.UTC(2030, 0), wall: () => Date.UTC(2030, 0) };

/** The text with another character of the alphabet at one place. */
function tampered(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

describe('a sealed token', () => {
  it('opens to the very bytes that were sealed, whatever they are', () => {
    const anyBytes = fc.uint8Array({ maxLength: 4_500, size: 'max' });
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = seal(key, id, Buffer.from(bytes));
        assert.ok(text !== undefined && text.length <= maxSealedLength && /^[\w-]+$/.test(text));
        assert.deepEqual(open(key, id, text), Buffer.from(bytes));
      }),
    );
    const long = Buffer.from('SELECT a, b, c FROM some_table WHERE x IN (1, 2, 3) UNION ALL '.repeat(200));
    assert.deepEqual(open(key, id, seal(key, id, long) ?? ''), long, 'long SQL is compressed');
  });

  it('is refused when any of its characters was changed, taken away or added', () => {
    for (const bytes of [Buffer.from('SELECT 1'), Buffer.from('SELECT 1 '.repeat(1_000))]) {
      const text = seal(key, id, bytes) ?? '';
      for (let at = 0; at < text.length; at += 1) assert.equal(open(key, id, tampered(text, at)), undefined, `character ${at}`);
      for (const wrong of [
        text.slice(1),
        text.slice(0, -1),
        `${text}A`,
        `A${text}`,
        '',
        'A',
        '!!!!',
        randomBytes(100).toString('base64url'),
      ])
        assert.equal(open(key, id, wrong), undefined);
    }
  });

  it('is refused with another key and for another statement', () => {
    const text = seal(key, id, Buffer.from('SELECT 1')) ?? '';
    assert.equal(open(other, id, text), undefined);
    assert.equal(open(key, id.replace('00000', '00001'), text), undefined);
  });

  it('is never twice the same, and is not made when it would be too long', () => {
    const bytes = Buffer.from('SELECT 1');
    assert.notEqual(seal(key, id, bytes), seal(key, id, bytes));
    assert.equal(seal(key, id, randomBytes(4_600)), undefined);
    assert.equal(seal(key, id, Buffer.alloc(1_000_000, 'a')), undefined, 'nor compressed at any cost');
  });
});

describe('an address', () => {
  it('gives back the statement to whoever has its key, as current or as former one', () => {
    const capability = ringOf().sealStatement(id, aStatement());
    const slug = slugOf(ringOf(), capability, 3);
    for (const reader of [ringOf(), ringOf(other, key)]) {
      assert.equal(reader.read(id, slug, 3), capability);
      assert.deepEqual(reader.open(id, capability), aStatement());
    }
    assert.equal(ringOf(other).read(id, slug, 3), undefined, 'an unknown key');
  });

  it('is good for one page of one statement, to the last character', () => {
    const addresses = ringOf();
    for (const body of [Buffer.from('SELECT 1'), randomBytes(10_000)]) {
      const capability = addresses.sealStatement(id, aStatement({ body }));
      const signature = addresses.sign(id, capability, 3);
      const slug = formatSlug(signature, capability);
      const isOurs = (other: string): boolean => isSlugOf(other, signature, capability);
      assert.ok(isOurs(slug));
      assert.notEqual(addresses.read(id, slug, 3), undefined);
      assert.equal(addresses.read(id, slug, 4), undefined);
      assert.equal(addresses.read(id.replace('0gwab', '0gwac'), slug, 3), undefined);
      for (let at = 0; at < slug.length; at += 1) {
        assert.equal(addresses.read(id, tampered(slug, at), 3), undefined, `character ${at}`);
        assert.ok(!isOurs(tampered(slug, at)), `character ${at} of one that is remembered`);
      }
      for (const wrong of ['', 'x', slug.slice(0, -1), `${slug}A`]) {
        assert.equal(addresses.read(id, wrong, 3), undefined);
        assert.ok(!isOurs(wrong));
      }
    }
  });

  it('fits into a request line of 8 KiB and cannot look like another path', () => {
    const addresses = ringOf();
    for (const length of [1, 100, 4_000, 4_400, 20_000]) {
      const slug = slugOf(addresses, addresses.sealStatement(id, aStatement({ body: randomBytes(length) })), 12_345);
      const line = `DELETE /v1/statement/queued/${id}/${slug}/12345 HTTP/1.1`;
      assert.ok(line.length < 7_000, `${line.length}`);
      assert.match(slug, /^x[\w-]+\.[\w-]+$/);
    }
  });

  it('of a large statement, or one with credentials that come with the POST only, carries nothing', () => {
    const addresses = ringOf();
    for (const statement of [
      aStatement({ body: randomBytes(5_000) }),
      aStatement({ headers: [['X-Trino-Extra-Credential', 'token=abc']] }),
      aStatement({ headers: [['x-presto-extra-credential', 'token=abc']] }),
    ]) {
      const capability = addresses.sealStatement(id, statement);
      assert.ok(capability.length < 40);
      assert.equal(addresses.open(id, capability), undefined);
      assert.equal(addresses.canTravel(capability), false);
      assert.notEqual(capability, addresses.sealStatement(id, statement), 'two statements never share one');
    }
  });

  it('shows neither SQL nor user nor credentials, in clear or in base64, and carries no credential at all', () => {
    const addresses = ringOf();
    const secrets = ['secret_table', 'ann-of-accounts', 'hunter2', 'Basic', 'session-cookie', 'proxy-token'];
    const headers: [string, string][] = [
      ...aStatement().headers.map(([name, value]) => [name, value] as [string, string]),
      ['Authorization', `Basic ${Buffer.from('ann-of-accounts:hunter2').toString('base64')}`],
      ['Cookie', 'session-cookie'],
      ['X-Amzn-Oidc-Data', 'proxy-token'],
    ];
    const capability = addresses.sealStatement(id, aStatement({ headers }));
    const slug = slugOf(addresses, capability, 0);
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const seen = `${slug} ${Buffer.from(slug.split('.')[1] ?? '', encoding).toString('latin1')}`;
      for (const secret of secrets) assert.ok(!seen.includes(secret), secret);
    }
    const opened = addresses.open(id, capability);
    assert.ok(opened !== undefined && 'headers' in opened);
    assert.deepEqual(opened.headers, aStatement().headers);
  });

  it('carries a refusal whatever its message quotes', () => {
    const addresses = ringOf();
    for (const message of ['no such runtime', randomBytes(100_000).toString('latin1')]) {
      const failure = { name: 'QUERY_REJECTED', message } as const;
      const opened = addresses.open(id, addresses.writeEnd({ end: failure, arrivedAt: 7 }));
      assert.ok(opened !== undefined && 'end' in opened && opened.end !== 'call-done');
      assert.deepEqual([opened.end.name, opened.arrivedAt], ['QUERY_REJECTED', 7]);
      assert.ok(message.startsWith(opened.end.message) && opened.end.message.length > 0);
    }
  });

  it('tells an end that a gateway has written for this statement, and no other', () => {
    const addresses = ringOf();
    const [slug, forged] = ['no', 'yes'].map((message) => {
      const capability = addresses.writeEnd({ end: { name: 'QUERY_REJECTED', message }, arrivedAt: 7 });
      return slugOf(addresses, capability, 0);
    }) as [string, string];
    assert.ok(addresses.read(id, slug, 0) !== undefined);
    assert.equal(addresses.read(id, slug.slice(0, 41) + forged.slice(41), 0), undefined);
    assert.equal(addresses.read(id.replace('2026', '2027'), slug, 0), undefined);
  });
});

it('nobody without the key can make a signature', () => {
  assert.match(sign(key, 'a page'), /^[0-9a-f]{40}$/);
  assert.notEqual(sign(key, 'a page'), sign(other, 'a page'));
});

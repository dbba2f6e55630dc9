import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { aSigningKey, jwkOf, signToken, type SigningKey } from '../../../test/fakes/fake-issuer.ts';
import { findClaimProblem, isSignedBy, readKeySet, readToken, type Claims } from './json-web-token.ts';

const rsa = aSigningKey('rsa', 'RS256');
const now = 1_000_000_000_000;
const good: Claims = { iss: 'https://issuer/', aud: 'trino', exp: now / 1000 + 10 };

function isGood(text: string, ...published: readonly object[]): boolean {
  const token = readToken(text);
  const [key] = readKeySet({ keys: published });
  return typeof token !== 'string' && key !== undefined && isSignedBy(token, key);
}

describe('the signature of a token', () => {
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']) {
    it(`is verified with ${alg}, and one changed claim breaks it`, () => {
      const key: SigningKey = alg.startsWith('ES') ? aSigningKey('k', alg) : { ...rsa, alg };
      const token = signToken(key, good);
      assert.equal(isGood(token, jwkOf(key)), true);
      const [head, , signature] = token.split('.');
      const forged = Buffer.from(JSON.stringify({ ...good, sub: 'root' })).toString('base64url');
      assert.equal(isGood(`${head}.${forged}.${signature}`, jwkOf(key)), false);
    });
  }

  it('counts with the algorithm and the kind of key that the issuer published only', () => {
    const token = signToken({ ...rsa, alg: 'RS512' }, good);
    assert.equal(isGood(token, { ...jwkOf(rsa), alg: 'RS256' }), false);
    assert.equal(isGood(token, { ...jwkOf(rsa), alg: undefined }), true);
    const ec = aSigningKey('ec', 'ES384');
    assert.equal(isGood(signToken(rsa, good), { ...jwkOf(ec), alg: undefined }), false);
    assert.equal(isGood(signToken({ ...ec, alg: 'ES256' }, good), { ...jwkOf(ec), alg: undefined }), false);
  });

  it('is never one that anybody can make', () => {
    const claims = Buffer.from(JSON.stringify(good)).toString('base64url');
    const withHeader = (header: object): string => `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}`;
    const content = withHeader({ alg: 'HS256', kid: 'rsa' });
    const secret = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const confused = `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
    for (const text of [confused, `${withHeader({ alg: 'none', kid: 'rsa' })}.AA`, `${withHeader({ alg: 'none', kid: 'rsa' })}.`])
      assert.equal(typeof readToken(text), 'string');
  });

  it('is not of a weak or foreign key', () => {
    const weak = aSigningKey('weak', 'RS256', 1024);
    assert.deepEqual(
      readKeySet({ keys: [jwkOf(weak), { ...jwkOf(rsa), use: 'enc' }, { kty: 'oct', kid: 'x', k: 'AA' }, 'junk', null] }),
      [],
    );
    assert.deepEqual([readKeySet({}), readKeySet(null), readKeySet({ keys: 'x' })], [[], [], []]);
  });
});

describe('a bearer token', () => {
  for (const [what, text] of [
    ['three words', 'not.a.token'],
    ['two parts', 'e30.e30'],
    ['a list as claims', `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.W10.AA`],
    ['no key id', `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.AA`],
    ['critical extensions', `${Buffer.from('{"alg":"ES256","kid":"k","crit":["x"]}').toString('base64url')}.e30.AA`],
    ['more than 16 KiB', signToken(rsa, { ...good, padding: 'x'.repeat(16_384) })],
  ] as const) {
    it(`is refused with ${what}`, () => assert.equal(typeof readToken(text), 'string'));
  }
});

describe('the claims of a token', () => {
  const expected = { issuer: 'https://issuer/', audiences: ['trino', 'other'] };
  const cases: readonly (readonly [string, Claims, RegExp | undefined])[] = [
    ['good', good, undefined],
    ['one audience of several', { ...good, aud: ['x', 'other'] }, undefined],
    ['another issuer', { ...good, iss: 'https://issuer' }, /another issuer/],
    ['no issuer', { ...good, iss: undefined }, /another issuer/],
    ['another audience', { ...good, aud: 'x' }, /not for trino or other/],
    ['no audience', { ...good, aud: undefined }, /not for/],
    ['no end', { ...good, exp: undefined }, /does not say when/],
    ['an end that is no number', { ...good, exp: '2999' }, /does not say when/],
    ['over for 59 s', { ...good, exp: now / 1000 - 59 }, undefined],
    ['over for 60 s', { ...good, exp: now / 1000 - 60 }, /expired/],
    ['beginning in 60 s', { ...good, nbf: now / 1000 + 60 }, undefined],
    ['beginning in 61 s', { ...good, nbf: now / 1000 + 61 }, /not valid yet/],
    ['a beginning that is no number', { ...good, nbf: 'x' }, /not valid yet/],
  ];
  for (const [what, claims, problem] of cases) {
    it(`with ${what} are ${problem === undefined ? 'taken' : 'refused'}`, () => {
      const found = findClaimProblem(claims, expected, now);
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', problem);
    });
  }
});

// An OIDC issuer on a loopback port: publishes its keys, signs tokens, rotates, fails as told, and logs everybody in as ann.
import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface FakeIssuer {
  /** With a slash at its end, as some have it. */
  readonly issuer: string;
  readonly keySetUrl: string;
  /** Where a browser is sent to log in, and where its code is exchanged. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Paths that were asked for, in order. */
  readonly calls: readonly string[];
  /** What is published; changed by the test. */
  keys: readonly SigningKey[];
  /** Status of all answers, when not 200. */
  failing: number | undefined;
  /** Of its client "trino": asked for where it is set, as Basic. */
  clientSecret: string | undefined;
  /** What the browser brings back instead of a code. */
  refusal: Readonly<Record<string, string>> | undefined;
  /** Tokens that a code is exchanged for; default: both for ann, the identity token with the nonce. */
  mint: (nonce: string) => object;
  /** A token of this issuer for audience "trino", good for an hour from `nowMs`. */
  token(claims?: Readonly<Record<string, unknown>>, key?: SigningKey): string;
  stop(): Promise<void>;
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function aSigningKey(kid: string, alg = 'ES256', bits = 2048): SigningKey {
  const pair = alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: curves[alg] ?? '' })
    : generateKeyPairSync('rsa', { modulusLength: bits });
  return { kid, alg, ...pair };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function signToken({ kid, alg, privateKey: key }: SigningKey, claims: object, header: object = {}): string {
  const content = `${part({ alg, kid, typ: 'JWT', ...header })}.${part(claims)}`;
  const padding = alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  const signature = sign(`sha${alg.slice(2)}`, Buffer.from(content), {
    key,
    ...padding,
    ...(alg.startsWith('ES') ? { dsaEncoding: 'ieee-p1363' as const } : {}),
  });
  return `${content}.${signature.toString('base64url')}`;
}

export function jwkOf({ kid, alg, publicKey }: SigningKey): Readonly<Record<string, unknown>> {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

export async function createFakeIssuer(now: () => number): Promise<FakeIssuer> {
  const calls: string[] = [];
  /** What was asked for, by the code that is good for it once. */
  const asked = new Map<string, URLSearchParams>();
  let codes = 0;

  /** Nobody is asked for a password. */
  function authorize(query: URLSearchParams): string {
    const code = `code-${codes}`;
    codes += 1;
    asked.set(code, query);
    const back = new URL(query.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries(fake.refusal ?? { code })) back.searchParams.set(name, value);
    back.searchParams.set('state', query.get('state') ?? '');
    return back.href;
  }

  /** As RFC 6749 and 7636 want it; undefined where the code is not good for that. */
  function nonceFor(form: URLSearchParams): string | undefined {
    const code = form.get('code') ?? '';
    const query = asked.get(code);
    asked.delete(code);
    const challenge = query?.get('code_challenge') ?? null;
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isSame = query?.get('redirect_uri') === form.get('redirect_uri') && (challenge === null || challenge === proof);
    return isSame ? (query?.get('nonce') ?? '') : undefined;
  }

  async function exchangeCode(request: IncomingMessage): Promise<readonly [number, object]> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (fake.failing !== undefined) return [fake.failing, {}];
    const basic = Buffer.from(`trino:${fake.clientSecret}`).toString('base64');
    if (fake.clientSecret !== undefined && request.headers.authorization !== `Basic ${basic}`) return [401, { error: 'invalid_client' }];
    const nonce = nonceFor(new URLSearchParams(Buffer.concat(chunks).toString()));
    return nonce === undefined
      ? [400, { error: 'invalid_grant', error_description: 'no such code' }]
      : [200, { ...fake.mint(nonce), token_type: 'Bearer', expires_in: 3_600 }];
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://issuer');
    calls.push(request.url ?? '');
    const sendJson = (value: object, status = fake.failing ?? 200): void => {
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' }).end(JSON.stringify(value));
    };
    if (pathname === '/authorize') response.writeHead(302, { Location: authorize(searchParams), Connection: 'close' }).end();
    else if (pathname === '/token') void exchangeCode(request).then(([status, value]) => sendJson(value, status));
    else if (pathname.endsWith('/openid-configuration')) {
      const endpoints = { authorization_endpoint: fake.authorizeUrl, token_endpoint: fake.tokenUrl };
      sendJson({ issuer: fake.issuer, jwks_uri: fake.keySetUrl, ...endpoints });
    } else sendJson({ keys: fake.keys.map(jwkOf) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeIssuer = {
    issuer: `${origin}/realm/`,
    keySetUrl: `${origin}/keys`,
    authorizeUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    calls,
    keys: [aSigningKey('first')],
    failing: undefined,
    clientSecret: undefined,
    refusal: undefined,
    mint(nonce) {
      const iat = Math.floor(now() / 1000);
      return { access_token: fake.token({ iat }), id_token: fake.token({ iat, nonce }) };
    },
    token: (claims = {}, key = fake.keys[0] ?? aSigningKey('none')) =>
      signToken(key, { iss: fake.issuer, aud: 'trino', sub: 'ann', exp: Math.floor(now() / 1000) + 3_600, ...claims }),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return fake;
}

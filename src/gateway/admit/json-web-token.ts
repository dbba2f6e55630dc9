// JSON Web Tokens: taken apart, their claims judged, their signature verified with a public key of the issuer. Pure.
// Source: RFC 7515, 7518, 7519; RFC 8725 for what to refuse.
import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';

interface Algorithm {
  readonly keyType: 'rsa' | 'ec';
  readonly hash: string;
  /** Of EC keys: each algorithm has one (RFC 7518 3.4). */
  readonly curve?: string;
  readonly isPss?: boolean;
}

/** Of public keys only: HS* would let everybody sign who can verify, and "none" is none. */
const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['RS256', { keyType: 'rsa', hash: 'sha256' }],
  ['RS384', { keyType: 'rsa', hash: 'sha384' }],
  ['RS512', { keyType: 'rsa', hash: 'sha512' }],
  ['PS256', { keyType: 'rsa', hash: 'sha256', isPss: true }],
  ['PS384', { keyType: 'rsa', hash: 'sha384', isPss: true }],
  ['PS512', { keyType: 'rsa', hash: 'sha512', isPss: true }],
  ['ES256', { keyType: 'ec', hash: 'sha256', curve: 'prime256v1' }],
  ['ES384', { keyType: 'ec', hash: 'sha384', curve: 'secp384r1' }],
  ['ES512', { keyType: 'ec', hash: 'sha512', curve: 'secp521r1' }],
]);

/** RFC 7518 3.3. */
const minRsaBits = 2048;
const maxTokenLength = 16 * 1024;
/** Clocks of issuers and gateways differ by less. */
export const clockSkewMs = 60_000;

export type Claims = Readonly<Record<string, unknown>>;

export interface Token {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: Claims;
  /** What was signed. */
  readonly content: string;
  readonly signature: Buffer;
}

export interface VerifyingKey {
  readonly keyId: string;
  /** The only one it may be used with, where the issuer says so. */
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

function jsonOf(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A string says what is wrong, for the client. */
export function readToken(text: string): Token | string {
  const [, head, body, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text.length > maxTokenLength ? '' : text) ?? [];
  const header = jsonOf(head ?? '');
  const claims = jsonOf(body ?? '');
  if (header === undefined || claims === undefined || signature === undefined) return 'the bearer token is no JSON Web Token.';
  const { alg, kid, crit } = header;
  if (typeof alg !== 'string' || !algorithms.has(alg))
    return `the token is signed with ${JSON.stringify(alg)}: RS, PS and ES are accepted.`;
  if (typeof kid !== 'string') return 'the token does not name its key (kid).';
  if (crit !== undefined) return 'the token has critical extensions, which are not known here (crit).';
  return { algorithm: alg, keyId: kid, claims, content: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') };
}

export interface Expected {
  /** Compared as it is: an issuer may end with a slash. */
  readonly issuer: string;
  /** One of them is enough. */
  readonly audiences: readonly string[];
}

/** Why the claims are not good now, for the client; undefined when they are. */
export function findClaimProblem({ iss, aud, exp, nbf }: Claims, { issuer, audiences }: Expected, nowMs: number): string | undefined {
  if (iss !== issuer) return `the token is of another issuer than ${issuer}.`;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.some((one) => typeof one === 'string' && audiences.includes(one)))
    return `the token is not for ${audiences.join(' or ')} (aud).`;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'the token does not say when it expires (exp).';
  if (nowMs >= exp * 1000 + clockSkewMs) return 'the token has expired: get a new one.';
  if (nbf !== undefined && (typeof nbf !== 'number' || nowMs < nbf * 1000 - clockSkewMs)) return 'the token is not valid yet (nbf).';
  return undefined;
}

/** The keys of a JWKS document that can verify signatures; others in it are left out. */
export function readKeySet(document: unknown): readonly VerifyingKey[] {
  const listed = (document as { readonly keys?: unknown } | null | undefined)?.keys;
  return (Array.isArray(listed) ? listed : []).map(readKey).filter((key) => key !== undefined);
}

function readKey(listed: unknown): VerifyingKey | undefined {
  const { kid, use, alg, ...jwk } = (listed ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof kid !== 'string' || (use !== undefined && use !== 'sig') || (jwk['kty'] !== 'RSA' && jwk['kty'] !== 'EC')) return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    if ((key.asymmetricKeyDetails?.modulusLength ?? minRsaBits) < minRsaBits) return undefined;
    return { keyId: kid, algorithm: typeof alg === 'string' ? alg : undefined, key };
  } catch {
    // A key of a form that this Node does not know is no key of ours; tokens that name it are refused.
    return undefined;
  }
}

export function isSignedBy({ algorithm, content, signature }: Token, { key, algorithm: only }: VerifyingKey): boolean {
  const known = algorithms.get(algorithm);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (known === undefined || type !== known.keyType || (only !== undefined && only !== algorithm)) return false;
  if (known.curve !== undefined && details?.namedCurve !== known.curve) return false;
  const padding = known.isPss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return verify(known.hash, Buffer.from(content), { key, ...padding, ...(type === 'ec' ? { dsaEncoding: 'ieee-p1363' } : {}) }, signature);
}

// Issues X.509 certificates: a CA of its own, and certificates of servers and clients signed by it. Who keeps them, where, and when they are
// renewed is the caller's business. Source: RFC 5280 (profile), RFC 5480 (P-256 keys).
import { X509Certificate, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { EpochMs } from '#core/clock.ts';
import { bits, boolean, explicit, implicit, integer, octets, oid, pem, sequence, set, text, time } from './der.ts';

/** Both PEM; the key is PKCS 8. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Issue {
  readonly commonName: string;
  readonly nowMs: EpochMs;
  readonly lifetimeMs: number;
}

export interface ServerIssue extends Issue {
  /** Host names, and IPv4 or IPv6 addresses in text. */
  readonly hosts: readonly string[];
  readonly issuer: IssuedCertificate;
}

export interface ClientIssue extends Issue {
  /** Its subjectAltName; none without. */
  readonly names?: { readonly uri?: string; readonly email?: string; readonly dns?: string };
  readonly issuer: IssuedCertificate;
}

/** A certificate is valid from this long before its issue, for clients whose clock is behind. */
export const backdateMs = 24 * 60 * 60_000;

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const SERVER_AUTHENTICATION = oid('1.3.6.1.5.5.7.3.1');
const CLIENT_AUTHENTICATION = oid('1.3.6.1.5.5.7.3.2');

/** A self-signed CA that may sign servers and clients, and no other CA. */
export function issueCa(wanted: Issue): IssuedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicDer(publicKey);
  // keyCertSign and cRLSign; no CA below this one.
  const extensions = sequence(
    extension(BASIC_CONSTRAINTS, true, sequence(boolean(true), integer(Buffer.from([0])))),
    extension(KEY_USAGE, true, bits(Buffer.from([0x06]), 1)),
    extension(SUBJECT_KEY_IDENTIFIER, false, octets(keyIdentifier(spki))),
  );
  const subject = name(wanted.commonName);
  return signed({ wanted, issuerName: subject, spki, extensions, signer: privateKey, own: privateKey });
}

/** Throws when the issuer's certificate or key cannot be read, or a host is an address that is none. */
export function issueServerCertificate(wanted: ServerIssue): IssuedCertificate {
  return issueLeaf(wanted, SERVER_AUTHENTICATION, wanted.hosts.map(alternativeName));
}

/** Throws when the issuer's certificate or key cannot be read. */
export function issueClientCertificate(wanted: ClientIssue): IssuedCertificate {
  const { email, dns, uri } = wanted.names ?? {};
  // RFC 5280 section 4.2.1.6: the tags of these kinds of names.
  const tagged = [
    [1, email],
    [2, dns],
    [6, uri],
  ] as const;
  const names = tagged.flatMap(([tag, text]) => (text === undefined ? [] : [implicit(tag, Buffer.from(text))]));
  return issueLeaf(wanted, CLIENT_AUTHENTICATION, names);
}

function issueLeaf(wanted: Issue & { readonly issuer: IssuedCertificate }, usage: Buffer, names: readonly Buffer[]): IssuedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicDer(publicKey);
  const signer = createPrivateKey(wanted.issuer.key);
  const extensions = sequence(
    extension(BASIC_CONSTRAINTS, true, sequence()),
    extension(KEY_USAGE, true, bits(Buffer.from([0x80]), 7)),
    extension(EXTENDED_KEY_USAGE, false, sequence(usage)),
    ...(names.length === 0 ? [] : [extension(SUBJECT_ALTERNATIVE_NAME, false, sequence(...names))]),
    extension(SUBJECT_KEY_IDENTIFIER, false, octets(keyIdentifier(spki))),
    extension(AUTHORITY_KEY_IDENTIFIER, false, sequence(implicit(0, keyIdentifier(publicDer(createPublicKey(wanted.issuer.key)))))),
  );
  const issuerName = name(commonNameOf(wanted.issuer.certificate));
  return signed({ wanted, issuerName, spki, extensions, signer, own: privateKey });
}

interface Content {
  readonly wanted: Issue;
  readonly issuerName: Buffer;
  readonly spki: Buffer;
  readonly extensions: Buffer;
  readonly signer: KeyObject;
  readonly own: KeyObject;
}

function signed({ wanted, issuerName, spki, extensions, signer, own }: Content): IssuedCertificate {
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))),
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets, unique per CA.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    issuerName,
    sequence(time(wanted.nowMs - backdateMs), time(wanted.nowMs + wanted.lifetimeMs)),
    name(wanted.commonName),
    spki,
    explicit(3, extensions),
  );
  return {
    certificate: pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, signer)))),
    key: own.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

const name = (common: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), text(common))));

function commonNameOf(certificate: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(certificate).subject)?.[1] ?? '';
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value));
}

function alternativeName(host: string): Buffer {
  if (/^\d+(\.\d+){3}$/.test(host)) return implicit(7, Buffer.from(host.split('.').map(Number)));
  return host.includes(':') ? implicit(7, ipv6Octets(host)) : implicit(2, Buffer.from(host));
}

function ipv6Octets(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...groups(tail)];
  if (all.length !== 8 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) throw new Error(`${address} is not an IPv6 address`);
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** The SPKI of a key; its last 65 bytes are the point itself. */
function publicDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

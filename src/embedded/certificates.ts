// The CA and server certificate of the loopback server, made once and kept in a directory. The CA outlives many server
// certificates, so that kubeconfigs written earlier stay valid. Source: RFC 5280 (profile), RFC 5480 (P-256 keys).
import { X509Certificate, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bits, boolean, explicit, implicit, integer, octets, oid, pem, sequence, set, text, time } from './der.ts';
import { writeSecretFile } from './kubeconfig-file.ts';

export interface ServerCertificate {
  /** All PEM. */
  readonly caCertificate: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60_000;
const CA_LIFETIME_MS = 3_650 * DAY_MS;
const SERVER_LIFETIME_MS = 365 * DAY_MS;
/** A third of the server certificate's life, the usual point of renewal. */
const RENEW_BEFORE_MS = SERVER_LIFETIME_MS / 3;
const CA_NAME = 'xtrinode-embedded-api-ca';
const SERVER_NAME = 'xtrinode-embedded-api';
const DNS_NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
const ADDRESSES = [Buffer.from([127, 0, 0, 1]), Buffer.from('00000000000000000000000000000001', 'hex')];

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const SERVER_AUTHENTICATION = oid('1.3.6.1.5.5.7.3.1');

/** Reads the certificates of `directory`, making or renewing what is missing or near its end. */
export async function ensureCertificates(directory: string, nowMs: number): Promise<ServerCertificate> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const read = async (name: string): Promise<string | undefined> => readFile(join(directory, name), 'utf8').catch(() => undefined);
  const [caCertificate, caKey, certificate, key] = await Promise.all(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map(read));
  const hasCa = caCertificate !== undefined && caKey !== undefined && isFresh(caCertificate, nowMs);
  if (hasCa && certificate !== undefined && key !== undefined && isFresh(certificate, nowMs) && isIssuedBy(certificate, caCertificate)) {
    return { caCertificate, certificate, key };
  }
  const ca = hasCa ? { certificate: caCertificate, key: caKey } : issue(nowMs, undefined);
  const server = issue(nowMs, createPrivateKey(ca.key));
  await writeSecretFile(join(directory, 'ca.key'), ca.key);
  await writeSecretFile(join(directory, 'ca.crt'), ca.certificate);
  await writeSecretFile(join(directory, 'tls.key'), server.key);
  await writeSecretFile(join(directory, 'tls.crt'), server.certificate);
  return { caCertificate: ca.certificate, ...server };
}

function isFresh(certificate: string, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return Date.parse(validFrom) <= nowMs && Date.parse(validTo) - nowMs > RENEW_BEFORE_MS;
}

function isIssuedBy(certificate: string, caCertificate: string): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(caCertificate).publicKey);
}

const name = (common: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), text(common))));

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value));
}

/** The SPKI of a key; its last 65 bytes are the point itself. */
function publicDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

function extensionsOf(spki: Buffer, issuerSpki: Buffer | undefined): Buffer {
  const own = extension(SUBJECT_KEY_IDENTIFIER, false, octets(keyIdentifier(spki)));
  if (issuerSpki === undefined) {
    // keyCertSign and cRLSign; no CA below this one.
    return sequence(
      extension(BASIC_CONSTRAINTS, true, sequence(boolean(true), integer(Buffer.from([0])))),
      extension(KEY_USAGE, true, bits(Buffer.from([0x06]), 1)),
      own,
    );
  }
  const names = [...DNS_NAMES.map((dns) => implicit(2, Buffer.from(dns))), ...ADDRESSES.map((address) => implicit(7, address))];
  return sequence(
    extension(BASIC_CONSTRAINTS, true, sequence()),
    extension(KEY_USAGE, true, bits(Buffer.from([0x80]), 7)),
    extension(EXTENDED_KEY_USAGE, false, sequence(SERVER_AUTHENTICATION)),
    extension(SUBJECT_ALTERNATIVE_NAME, false, sequence(...names)),
    own,
    extension(AUTHORITY_KEY_IDENTIFIER, false, sequence(implicit(0, keyIdentifier(issuerSpki)))),
  );
}

/** A self-signed CA when there is no issuer's key, else a server certificate of that CA. */
function issue(nowMs: number, issuerKey: KeyObject | undefined): { readonly certificate: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicDer(publicKey);
  const issuerSpki = issuerKey === undefined ? undefined : publicDer(createPublicKey(issuerKey.export({ type: 'pkcs8', format: 'pem' })));
  const validity = sequence(time(nowMs - DAY_MS), time(nowMs + (issuerKey === undefined ? CA_LIFETIME_MS : SERVER_LIFETIME_MS)));
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))),
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets, unique per CA.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name(CA_NAME),
    validity,
    name(issuerKey === undefined ? CA_NAME : SERVER_NAME),
    spki,
    explicit(3, extensionsOf(spki, issuerSpki)),
  );
  const signature = sign('sha256', content, issuerKey ?? privateKey);
  return {
    certificate: pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bits(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

// The CA and server certificate of the loopback server, made once and kept in a directory. The CA outlives many server
// certificates, so that kubeconfigs written earlier stay valid.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isIssuedBy, validityOf } from '#certificates/inspect.ts';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
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
const HOSTS = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', '127.0.0.1', '::1'];

/** Reads the certificates of `directory`, making or renewing what is missing or near its end. */
export async function ensureCertificates(directory: string, nowMs: number): Promise<ServerCertificate> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const read = async (name: string): Promise<string | undefined> => readFile(join(directory, name), 'utf8').catch(() => undefined);
  const [caCertificate, caKey, certificate, key] = await Promise.all(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map(read));
  const hasCa = caCertificate !== undefined && caKey !== undefined && isFresh(caCertificate, nowMs);
  if (hasCa && certificate !== undefined && key !== undefined && isFresh(certificate, nowMs) && isIssuedBy(certificate, caCertificate)) {
    return { caCertificate, certificate, key };
  }
  const ca = hasCa ? { certificate: caCertificate, key: caKey } : issueCa({ commonName: CA_NAME, nowMs, lifetimeMs: CA_LIFETIME_MS });
  const server = issueServerCertificate({ commonName: SERVER_NAME, hosts: HOSTS, nowMs, lifetimeMs: SERVER_LIFETIME_MS, issuer: ca });
  await writeSecretFile(join(directory, 'ca.key'), ca.key);
  await writeSecretFile(join(directory, 'ca.crt'), ca.certificate);
  await writeSecretFile(join(directory, 'tls.key'), server.key);
  await writeSecretFile(join(directory, 'tls.crt'), server.certificate);
  return { caCertificate: ca.certificate, ...server };
}

function isFresh(certificate: string, nowMs: number): boolean {
  const validity = validityOf(certificate);
  return validity !== undefined && validity.notBefore <= nowMs && validity.notAfter - nowMs > RENEW_BEFORE_MS;
}

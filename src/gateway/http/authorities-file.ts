// Authorities of certificates from a file in PEM. Shell.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Throws when there is none in it, or one that is damaged: OpenSSL itself would take such a text for no authorities. */
export function readAuthorities(file: string): string {
  const text = readFileSync(file, 'utf8');
  const certificates = text.match(pemCertificate) ?? [];
  if (certificates.length === 0) throw new Error(`there is no certificate in ${file}`);
  for (const one of certificates) void new X509Certificate(one);
  return text;
}

// What a PEM certificate says of itself. Throws nothing: text that is no certificate has no answer.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { EpochMs } from '#core/clock.ts';
import type { IssuedCertificate } from './issue.ts';

export interface Validity {
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
}

function parse(certificate: string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    // Not a certificate: that is the answer.
    return undefined;
  }
}

/** Undefined when the text is not a certificate. */
export function validityOf(certificate: string): Validity | undefined {
  const parsed = parse(certificate);
  return parsed === undefined ? undefined : { notBefore: Date.parse(parsed.validFrom), notAfter: Date.parse(parsed.validTo) };
}

export function isIssuedBy(certificate: string, caCertificate: string): boolean {
  const [own, ca] = [parse(certificate), parse(caCertificate)];
  return own !== undefined && ca !== undefined && own.verify(ca.publicKey);
}

/** Whether the key is the one of the certificate. */
export function isPair({ certificate, key }: IssuedCertificate): boolean {
  try {
    return parse(certificate)?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    // Not a private key: no pair.
    return false;
  }
}

/** Host names and addresses of the subject alternative names, addresses as Node writes them. */
export function hostsOf(certificate: string): readonly string[] {
  const names = parse(certificate)?.subjectAltName ?? '';
  return names.split(', ').flatMap((entry) => /^(?:DNS|IP Address):(.*)$/.exec(entry)?.[1] ?? []);
}

/** Whether a client that asks for `host` accepts the certificate. */
export function coversHost(certificate: string, host: string): boolean {
  const parsed = parse(certificate);
  if (parsed === undefined) return false;
  return (/^[\d.]+$|:/.test(host) ? parsed.checkIP(host) : parsed.checkHost(host)) !== undefined;
}

// What the certificate of a client says of itself, and whether TLS vouches for it. Whom it stands for is decided elsewhere
// (admit/certificate-authenticator.ts). Shell: reads the socket.
import type { Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';

export type NameKind = 'cn' | 'dns' | 'email' | 'uri';

export interface ClientCertificate {
  /** All of that kind; none also where they cannot be told apart for certain. */
  readonly names: Readonly<Record<NameKind, readonly string[]>>;
  /** Why it is not good here, as Node says it (CERT_HAS_EXPIRED); undefined when it is. */
  readonly problem: string | undefined;
}

/** Node writes a value with a quote or a comma in it in quotes; inside them it could look like other names. */
function alternativeNames(text: string, kind: 'DNS' | 'email' | 'URI'): readonly string[] {
  if (text.includes('"')) return [];
  const start = `${kind}:`;
  return text.split(', ').flatMap((one) => (one.startsWith(start) ? [one.slice(start.length)] : []));
}

/** Undefined when the client has shown none. */
export function readClientCertificate(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  // Without fields where there is none, and null once the socket is closed.
  const { raw, subject, subjectaltname = '' } = (socket.getPeerCertificate() ?? {}) as Partial<PeerCertificate>;
  if (raw === undefined) return undefined;
  const { authorized, authorizationError } = socket;
  return {
    names: {
      cn: [subject?.CN ?? []].flat(),
      dns: alternativeNames(subjectaltname, 'DNS'),
      email: alternativeNames(subjectaltname, 'email'),
      uri: alternativeNames(subjectaltname, 'URI'),
    },
    problem: authorized ? undefined : String(authorizationError),
  };
}

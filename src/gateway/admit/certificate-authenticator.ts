// Proves who asks by the client certificate of the connection, which TLS has judged: of the gateway's authority, for clients, not
// expired. Here only whom it stands for is decided. Pure.
import type { NameKind } from '../http/client-certificate.ts';
import { isUsableName, type Authenticator } from './identity.ts';

const called: Readonly<Record<NameKind, string>> = {
  cn: 'common name in its subject',
  dns: 'DNS name in its subjectAltName',
  email: 'email address in its subjectAltName',
  uri: 'URI in its subjectAltName',
};

/** Asked after those that judge what a request itself shows: a connection may be of a service, its requests of several users. */
export function createCertificateAuthenticator(kind: NameKind): Authenticator {
  return {
    wants: 'a client certificate',
    judge({ certificate }) {
      if (certificate === undefined) return undefined;
      const { problem, names } = certificate;
      if (problem !== undefined) return { is: 'wrong', why: `the client certificate is not good here: ${problem}.` };
      const [name, ...others] = names[kind];
      if (others.length > 0) return { is: 'wrong', why: `the client certificate has more than one ${called[kind]}.` };
      if (!isUsableName(name)) return { is: 'wrong', why: `the client certificate has no usable ${called[kind]}.` };
      return { is: 'proven', identity: { name, groups: [] } };
    },
    spends: () => [],
    // HTTP has no word for it: TLS asks for certificates.
    challenges: () => [],
    isReady: () => true,
  };
}

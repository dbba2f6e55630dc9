import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientCertificate } from '../http/client-certificate.ts';
import { createCertificateAuthenticator } from './certificate-authenticator.ts';

const names = { cn: ['ann'], dns: ['a.example.com', 'b.example.com'], email: [], uri: ['spiffe://example/ns/team/sa/etl'] };

function judge(kind: 'cn' | 'dns' | 'email' | 'uri', more: Partial<ClientCertificate> = {}): unknown {
  return createCertificateAuthenticator(kind).judge({ headers: [], certificate: { names, problem: undefined, ...more } });
}

describe('a client certificate', () => {
  it('proves the one name of the kind that was chosen', () => {
    assert.deepEqual(judge('cn'), { is: 'proven', identity: { name: 'ann', groups: [] } });
    assert.deepEqual(judge('uri'), { is: 'proven', identity: { name: 'spiffe://example/ns/team/sa/etl', groups: [] } });
  });

  it('that has none, several or one that no header can carry proves nobody', () => {
    assert.deepEqual(judge('email'), {
      is: 'wrong',
      why: 'the client certificate has no usable email address in its subjectAltName.',
    });
    assert.deepEqual(judge('dns'), { is: 'wrong', why: 'the client certificate has more than one DNS name in its subjectAltName.' });
    for (const name of ['', 'ann\r\nX-Trino-User: root', 'änn'])
      assert.match(JSON.stringify(judge('cn', { names: { ...names, cn: [name] } })), /has no usable common name in its subject/);
  });

  it('that TLS does not vouch for proves nobody, whatever it says', () => {
    assert.deepEqual(judge('cn', { problem: 'CERT_HAS_EXPIRED' }), {
      is: 'wrong',
      why: 'the client certificate is not good here: CERT_HAS_EXPIRED.',
    });
  });

  it('that was not shown leaves the decision to others', () => {
    assert.equal(createCertificateAuthenticator('cn').judge({ headers: [], certificate: undefined }), undefined);
  });
});

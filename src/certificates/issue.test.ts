import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { coversHost, hostsOf, isIssuedBy, isPair, validityOf } from './inspect.ts';
import { backdateMs, issueCa, issueServerCertificate } from './issue.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const dayMs = 24 * 60 * 60_000;
const ca = issueCa({ commonName: 'a-ca', nowMs, lifetimeMs: 100 * dayMs });
const hosts = ['webhooks.system.svc', '127.0.0.1', '::1', '2001:db8::17'];
const server = issueServerCertificate({ commonName: 'a-server', hosts, nowMs, lifetimeMs: 10 * dayMs, issuer: ca });

test('a server certificate is good for its hosts, in the name of its CA, and no longer than asked', () => {
  assert.equal(isIssuedBy(server.certificate, ca.certificate), true);
  assert.equal(new X509Certificate(server.certificate).checkIssued(new X509Certificate(ca.certificate)), true);
  assert.equal(new X509Certificate(server.certificate).ca, false);
  assert.equal(new X509Certificate(ca.certificate).ca, true);
  for (const host of hosts) assert.equal(coversHost(server.certificate, host), true, host);
  assert.equal(coversHost(server.certificate, 'webhooks.system'), false);
  assert.equal(coversHost(server.certificate, '127.0.0.2'), false);
  assert.equal(hostsOf(server.certificate).length, hosts.length);
  assert.deepEqual(validityOf(server.certificate), { notBefore: nowMs - backdateMs, notAfter: nowMs + 10 * dayMs });
});

test('another CA of the same name is told apart, and so is another key', () => {
  const other = issueCa({ commonName: 'a-ca', nowMs, lifetimeMs: 100 * dayMs });
  assert.equal(isIssuedBy(server.certificate, other.certificate), false);
  assert.equal(isPair(server), true);
  assert.equal(isPair({ certificate: server.certificate, key: ca.key }), false);
});

test('text that is no certificate has no validity, no hosts and no key', () => {
  assert.equal(validityOf('nonsense'), undefined);
  assert.deepEqual(hostsOf('nonsense'), []);
  assert.equal(isIssuedBy('nonsense', ca.certificate), false);
  assert.equal(isPair({ certificate: ca.certificate, key: 'nonsense' }), false);
});

test('an address that is none is refused', () => {
  const wanted = { commonName: 'a-server', nowMs, lifetimeMs: dayMs, issuer: ca };
  assert.throws(() => issueServerCertificate({ ...wanted, hosts: ['1:2:3'] }), /1:2:3 is not an IPv6 address/);
});

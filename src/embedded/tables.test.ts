import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ensureCertificates } from './certificates.ts';
import { parseJsonPath } from './json-path.ts';
import { formatAge } from './tables.ts';

describe('paths of printer columns', () => {
  const object = {
    spec: { size: 'xs', 'a.b': 1 },
    status: {
      conditions: [
        { type: 'A', status: 'no' },
        { type: 'Ready', status: 'yes' },
      ],
    },
  };
  it('reach members, escaped names, items and filtered items', () => {
    assert.deepEqual(parseJsonPath('.spec.size')(object), ['xs']);
    assert.deepEqual(parseJsonPath('.spec.a\\.b')(object), [1]);
    assert.deepEqual(parseJsonPath(".spec['a.b']")(object), [1]);
    assert.deepEqual(parseJsonPath('.status.conditions[0].type')(object), ['A']);
    assert.deepEqual(parseJsonPath('.status.conditions[*].type')(object), ['A', 'Ready']);
    assert.deepEqual(parseJsonPath('.status.conditions[?(@.type=="Ready")].status')(object), ['yes']);
    assert.deepEqual(parseJsonPath(".status.conditions[?(@.type == 'Ready')].status")(object), ['yes']);
  });
  it('find nothing where nothing is, or when they cannot be read', () => {
    assert.deepEqual(parseJsonPath('.status.nope.deeper')(object), []);
    assert.deepEqual(parseJsonPath('.a[(')(object), []);
  });
});

describe('ages', () => {
  it('are written as kubectl writes them', () => {
    const ago = (seconds: number): string => formatAge(new Date(0).toISOString(), seconds * 1_000);
    assert.deepEqual([5, 119, 150, 600, 4 * 3_600, 4 * 3_600 + 60, 20 * 3_600, 3 * 86_400 + 3_600, 30 * 86_400, 800 * 86_400].map(ago), [
      '5s',
      '119s',
      '2m30s',
      '10m',
      '4h',
      '4h1m',
      '20h',
      '3d1h',
      '30d',
      '2y70d',
    ]);
    assert.equal(formatAge(undefined, 0), '<unknown>');
  });
});

describe('certificates', () => {
  it('are kept while fresh; the server certificate is renewed under the same CA', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'certificates-'));
    const start = Date.UTC(2026, 0, 1);
    const day = 86_400_000;
    const first = await ensureCertificates(directory, start);
    assert.deepEqual(await ensureCertificates(directory, start + 100 * day), first);
    const renewed = await ensureCertificates(directory, start + 300 * day);
    assert.equal(renewed.caCertificate, first.caCertificate);
    assert.notEqual(renewed.certificate, first.certificate);
    const certificate = new X509Certificate(renewed.certificate);
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.checkHost('localhost'), 'localhost');
    assert.ok(certificate.verify(new X509Certificate(first.caCertificate).publicKey));
    await rm(directory, { recursive: true });
  });
});

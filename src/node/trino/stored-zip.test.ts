import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, property, stringMatching, tuple, uint8Array } from 'fast-check';
import { formatStoredZip } from './stored-zip.ts';

/** Reads it back the way every unzip does: from the end record to the central directory to each entry. */
function readStored(zip: Buffer): readonly (readonly [string, string])[] {
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50);
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const size = zip.readUInt32LE(at + 24);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    at += 46 + nameLength;
    assert.equal(zip.readUInt32LE(local), 0x04034b50);
    const start = local + 30 + zip.readUInt16LE(local + 26);
    return [name, zip.toString('hex', start, start + size)] as const;
  });
}

test('what is written can be read back, whatever the names and bytes', () => {
  check(
    property(array(tuple(stringMatching(/^[\w./-]{1,20}$/), uint8Array({ maxLength: 200 })), { maxLength: 5 }), (entries) => {
      const zip = Buffer.from(formatStoredZip(entries.map(([name, data]) => ({ name, data }))));
      assert.deepEqual(
        readStored(zip),
        entries.map(([name, data]) => [name, Buffer.from(data).toString('hex')]),
      );
    }),
  );
});

test('the same entries give the same bytes', () => {
  const entries = [{ name: 'META-INF/services/x', data: Buffer.from('y\n') }];
  assert.deepEqual(formatStoredZip(entries), formatStoredZip(entries));
});

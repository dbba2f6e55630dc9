import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseSealKeysFile } from './seal-keys-file.ts';

const [newest, older] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

describe('a file of seal keys', () => {
  it('has one key a line: the first seals, all of them open, and other gateways have them too', () => {
    const ring = parseSealKeysFile(`# of both gateways\n${newest}\n\n${older}\n`);
    const former = parseSealKeysFile(older);
    assert.ok(typeof ring !== 'string' && typeof former !== 'string');
    assert.deepEqual([ring.isShared, ring.isComplete], [true, true]);
    assert.notEqual(ring.current.id, former.current.id);
    assert.deepEqual(ring.find(former.current.id), former.current);
  });

  it('that cannot be used says which line is wrong, and not what is in it', () => {
    assert.equal(parseSealKeysFile(`${newest}\nc2hvcnQ=\n`), 'key 2 is not 32 bytes in base64');
    assert.equal(parseSealKeysFile('# none yet\n'), 'it holds no key');
  });
});

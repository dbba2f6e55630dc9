import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XTrinodeStatus } from '#apis/v1/objects.ts';
import { waitBeforeWriting } from './status-pace.ts';

const now = 1_767_225_600_000;

function says(message: string, part: Partial<XTrinodeStatus> = {}): XTrinodeStatus {
  const condition = { type: 'RuntimeReady', status: 'False', reason: 'RuntimeNotReady', message, lastTransitionTime: '' };
  return { phase: 'Reconciling', conditions: [condition], ...part } as XTrinodeStatus;
}

test('what is as it was is not written, nor is idleness alone', () => {
  assert.equal(waitBeforeWriting(says('a'), says('a'), undefined, now), undefined);
  assert.equal(waitBeforeWriting(says('a'), says('a', { lastActivity: '2026-01-01T00:00:00Z' }), now, now), undefined);
});

test('other words wait until two seconds after the last write', () => {
  assert.equal(waitBeforeWriting(says('a'), says('b'), now - 500, now), 1_500);
  assert.equal(waitBeforeWriting(says('a'), says('b'), now - 2_000, now), 0);
});

test('words of an operator that has just started are written at once, and a clock that went back costs no more than the pace', () => {
  assert.equal(waitBeforeWriting(says('a'), says('b'), undefined, now), 0);
  assert.equal(waitBeforeWriting(says('a'), says('b'), now + 3_600_000, now), 2_000);
});

test('a phase, a reason and a first status never wait', () => {
  assert.equal(waitBeforeWriting(says('a'), says('b', { phase: 'Ready' }), now, now), 0);
  const [condition] = says('b').conditions ?? [];
  const other = { ...says('b'), conditions: [{ ...condition, reason: 'ImagePullFailed' }] } as XTrinodeStatus;
  assert.equal(waitBeforeWriting(says('a'), other, now, now), 0);
  assert.equal(waitBeforeWriting(undefined, says('a'), now, now), 0);
});

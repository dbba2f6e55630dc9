import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeaseElection, Term } from '#kube/control/lease.ts';
import type { KubeApi } from '#kube/port.ts';
import { configMaps } from '#kube/resources.ts';
import { settled } from '../../test/fakes/fake-clock.ts';
import { leadInTurns, overheard } from './leadership.ts';
import { revocableApi } from './revocable-api.ts';

/** Terms as a test gives them, and what became of them in order. */
function anOffice() {
  const story: string[] = [];
  const candidates: ((term: Term) => void)[] = [];
  const election: LeaseElection = {
    acquire: (signal) =>
      new Promise((resolve) => {
        candidates.push(resolve);
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      }),
  };
  function elect(): AbortController {
    const lost = new AbortController();
    const release = async (): Promise<void> => void story.push('released');
    candidates.shift()?.({ lost: lost.signal, isHeld: () => !lost.signal.aborted, release });
    return lost;
  }
  const asked = new AbortController();
  const turns = leadInTurns({
    election,
    signal: asked.signal,
    onStandby: () => story.push('stands by'),
    begin() {
      story.push('begins');
      return async () => {
        await settled();
        story.push('ended');
      };
    },
  });
  return { story, elect, turns, stop: () => asked.abort() };
}

test('a lost Lease ends the work before this process stands in line again, and the next turn begins afresh', async () => {
  const { story, elect, turns, stop } = anOffice();
  await settled();
  elect().abort();
  await settled();
  await settled();
  assert.deepEqual(story, ['stands by', 'begins', 'ended', 'released', 'stands by']);
  elect();
  await settled();
  stop();
  await turns;
  assert.deepEqual(story.slice(5), ['begins', 'ended', 'released']);
});

test('a process that is stopped while it stands by just goes', async () => {
  const { story, turns, stop } = anOffice();
  stop();
  await turns;
  assert.deepEqual(story, ['stands by']);
});

const never = (): Promise<never> => new Promise(() => undefined);

test('whoever does not hold the Lease any more reaches nothing, and what was under way is given up', async () => {
  const lost = new AbortController();
  let isHeld = true;
  const seen: (AbortSignal | undefined)[] = [];
  const api = { get: (_resource: unknown, _key: unknown, options: { signal?: AbortSignal }) => (seen.push(options.signal), never()) };
  const own = revocableApi(api as unknown as KubeApi, { isHeld: () => isHeld, lost: lost.signal });
  own.get(configMaps, { name: 'a' }).catch(() => undefined);
  lost.abort();
  assert.equal(seen[0]?.aborted, true);
  isHeld = false;
  await assert.rejects(own.get(configMaps, { name: 'b' }), /does not lead any more/);
  assert.equal(seen.length, 1);
});

test('what an election meets is heard, and it meets it all the same', async () => {
  const failure = new Error('away');
  const heard: unknown[] = [];
  const api = { get: () => Promise.reject(failure), create: () => Promise.resolve({}) } as unknown as KubeApi;
  const own = overheard(api, (one) => heard.push(one));
  await assert.rejects(own.get(configMaps, { name: 'a' }), /away/);
  await own.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }, { fieldManager: 'x' });
  assert.deepEqual(heard, [failure, undefined]);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RouteEntry, RouteState } from '#apis/v1/route-entry.ts';
import { pickMember } from './pick-member.ts';
import { keyOfEntry } from './route-table.ts';

function aMember(name: string, state: RouteState, more: Partial<RouteEntry> = {}): RouteEntry {
  return {
    schema: 1,
    namespace: 'team',
    name,
    state,
    routingGroup: 'bi',
    hosts: [],
    headerValues: [`team/${name}`],
    isDefault: false,
    trinoVersion: 483,
    patienceMs: 1,
    ...(state === 'RUNNING' ? { coordinatorUrl: `http://${name}:8080` } : {}),
    ...more,
  };
}

const idle = (): number => 0;
const pickName = (members: readonly RouteEntry[], loadOf: (runtime: string) => number = idle, user = 'ann'): string | undefined =>
  pickMember({ members, user, loadOf, isFull: () => false })?.name;

describe('of a routing group', () => {
  it('a statement goes to the awake runtime with the least to do for its weight', () => {
    const members = [aMember('a', 'RUNNING'), aMember('b', 'RUNNING', { weight: 4 }), aMember('c', 'PAUSED', { weight: 8 })];
    const loads: Record<string, number> = { 'team/a': 0, 'team/b': 3 };
    assert.equal(pickName(members), 'b');
    assert.equal(
      pickName(members, (runtime) => loads[runtime] ?? 0),
      'a',
    );
  });

  it('statements one after the other are shared out by weight', () => {
    const members = [aMember('a', 'RUNNING'), aMember('b', 'RUNNING', { weight: 3 })];
    const loads = new Map<string, number>();
    for (let statement = 0; statement < 40; statement += 1) {
      const key = `team/${pickName(members, (runtime) => loads.get(runtime) ?? 0)}`;
      loads.set(key, (loads.get(key) ?? 0) + 1);
    }
    assert.deepEqual([loads.get('team/a'), loads.get('team/b')], [10, 30]);
  });

  it('all of which sleep, the smallest is woken, then the first by name, for everybody', () => {
    const members = [aMember('a', 'PAUSED', { weight: 2 }), aMember('b', 'PAUSED'), aMember('c', 'PAUSED')];
    for (const user of ['ann', 'bob', 'eve'])
      assert.equal(
        pickName(members, () => 5, user),
        'b',
      );
  });

  it('one that wakes is waited for, and no other is woken', () => {
    assert.equal(pickName([aMember('a', 'PAUSED'), aMember('b', 'RESUMING', { weight: 9 })]), 'b');
  });

  it('one that cannot start is left for one that may', () => {
    const failure = { reason: 'CrashLoop', message: 'no' };
    assert.equal(pickName([aMember('a', 'RESUMING', { failure }), aMember('b', 'PAUSED')]), 'b');
  });

  it('a user stays with one runtime where that is wished, and only users of one that goes move', () => {
    const members = ['a', 'b', 'c'].map((name) => aMember(name, 'RUNNING', { stickyBy: 'User' }));
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 2 }), (user, gone) => {
        const before = pickName(members, () => Math.random(), user);
        const after = pickName(
          members.filter((_, index) => index !== gone),
          idle,
          user,
        );
        if (before !== members[gone]?.name) assert.equal(after, before);
      }),
    );
    const used = new Set(Array.from({ length: 60 }, (_, index) => pickName(members, idle, `user-${index}`)));
    assert.equal(used.size, 3);
  });

  it('what is full gets none while another has room, and one that sleeps is woken only when all that are awake are full', () => {
    const members = [aMember('a', 'RUNNING', { weight: 8 }), aMember('b', 'RUNNING'), aMember('c', 'PAUSED'), aMember('d', 'PAUSED')];
    const pick = (full: readonly string[], among = members): string | undefined =>
      pickMember({ members: among, user: 'ann', loadOf: idle, isFull: (runtime) => full.includes(runtime) })?.name;
    assert.equal(pick([]), 'a');
    assert.equal(pick(['team/a']), 'b');
    assert.equal(pick(['team/a', 'team/b']), 'c', 'the smallest, then by name');
    assert.equal(pick(['team/a', 'team/b'], [...members, aMember('e', 'RESUMING', { weight: 9 })]), 'e', 'one is waking already');
    assert.equal(pick(['team/a', 'team/b'], members.slice(0, 2)), 'a', 'nobody to wake: the line where it is shortest');
    const sticky = members.slice(0, 2).map((member) => ({ ...member, stickyBy: 'User' as const }));
    const home = pick([], sticky) ?? '';
    assert.notEqual(pick([`team/${home}`], sticky), home, 'also of a user who stays with one');
  });

  it('always one of it is picked', () => {
    const states = fc.constantFrom<RouteState>('RUNNING', 'RESUMING', 'PAUSED', 'DRAINING');
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 5 }), (list) => {
        const members = list.map((state, index) => aMember(`m${index}`, state));
        const picked = pickMember({ members, user: '', loadOf: idle, isFull: (runtime) => runtime < 'team/m3' });
        assert.ok(picked !== undefined && members.includes(picked), keyOfEntry(members[0] as RouteEntry));
      }),
    );
  });
});

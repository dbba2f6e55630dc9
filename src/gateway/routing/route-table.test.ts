import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import { createKnownCoordinators } from './known-coordinators.ts';
import { buildRouteTable, chooseRoute, hostNameOf, isProblem, keyOfEntry } from './route-table.ts';

const states = ['RUNNING', 'RESUMING', 'PAUSED', 'DRAINING', 'REMOVED'] as const;
/** Few values, so that they meet. */
const word = fc.constantFrom('a', 'b', 'c', 'd');

/** Entries as the operator publishes them: a host name, a header value and the default belong to one runtime each. */
const entries: fc.Arbitrary<RouteEntry[]> = fc
  .uniqueArray(
    fc.record({
      name: word,
      host: fc.option(word),
      header: fc.option(word),
      isDefault: fc.boolean(),
      state: fc.constantFrom(...states),
      coordinatorId: fc.option(fc.constantFrom('aaaaa', 'bbbbb', 'ccccc')),
      isUp: fc.boolean(),
      instance: fc.constantFrom('i1', 'i2'),
    }),
    { selector: ({ name }) => name },
  )
  .map((wanted) => {
    const taken = new Set<string>();
    const take = (claim: string): boolean => !taken.has(claim) && taken.add(claim).size > 0;
    return wanted.map(({ name, host, header, isDefault, state, coordinatorId, isUp, instance }) => ({
      schema: 1,
      namespace: 'ns',
      name,
      state,
      routingGroup: name,
      hosts: host !== null && take(`host ${host}`) ? [`${host}.example.com`] : [],
      headerValues: [`ns/${name}`, ...(header !== null && take(`header ${header}`) ? [header] : [])],
      isDefault: isDefault && take('default'),
      ...(coordinatorId === null ? {} : { coordinatorId }),
      ...(isUp ? { coordinatorUrl: `http://${name}:8080`, instance } : {}),
      trinoVersion: 483,
      patienceMs: 1_000,
    }));
  });

const anEntry: RouteEntry = {
  schema: 1,
  namespace: 'ns',
  name: 'odd',
  state: 'RUNNING',
  routingGroup: 'odd',
  hosts: [],
  headerValues: [],
  isDefault: false,
  coordinatorUrl: 'http://odd:1',
  trinoVersion: 483,
  patienceMs: 1_000,
};

describe('choosing a runtime', () => {
  it('a header that names no runtime never reaches one, and one that names a runtime reaches it or that of the host name', () => {
    fc.assert(
      fc.property(entries, fc.option(word), fc.constantFrom('a', 'b', 'x', 'ns/a', 'ns/b', 'ns/x', 'NS/A', ' a'), (list, host, header) => {
        const choice = chooseRoute(buildRouteTable(list), `${host ?? 'other'}.example.com:8080`, header);
        const alive = list.filter(({ state }) => state !== 'REMOVED');
        const named = alive.find(({ headerValues }) => headerValues.includes(header));
        if (named === undefined) return assert.ok(isProblem(choice));
        assert.ok(!isProblem(choice));
        const hosted = alive.find(({ hosts }) => hosts.includes(`${host ?? 'other'}.example.com`));
        assert.equal(keyOfEntry(choice), keyOfEntry(hosted ?? named));
      }),
    );
  });

  it('without a header it is that of the host name, else the default, else none; a deleted one never', () => {
    fc.assert(
      fc.property(entries, word, (list, host) => {
        const choice = chooseRoute(buildRouteTable(list), `${host.toUpperCase()}.Example.com.`, undefined);
        const alive = list.filter(({ state }) => state !== 'REMOVED');
        const expected = alive.find(({ hosts }) => hosts.includes(`${host}.example.com`)) ?? alive.find(({ isDefault }) => isDefault);
        assert.equal(isProblem(choice) ? undefined : choice, expected);
      }),
    );
  });

  it('reads host names as people write them', () => {
    assert.deepEqual(['A.b:8080', 'a.b.', '[::1]:80', 'localhost'].map(hostNameOf), ['a.b', 'a.b', '[::1]', 'localhost']);
  });
});

describe('the owner of a query', () => {
  it('is the coordinator whose id it carries or that gave it, never another', () => {
    const suffix = fc.constantFrom('aaaaa', 'bbbbb', 'ccccc', 'zzzzz');
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 4 }),
        fc.array(fc.record({ suffix, name: word, at: fc.nat(3) })),
        suffix,
        (tables, answers, asked) => {
          let table = buildRouteTable([]);
          const known = createKnownCoordinators(() => table);
          const gave = new Map<string, string>();
          for (const [at, list] of tables.entries()) {
            table = buildRouteTable(list);
            known.learn(table);
            for (const [id, { name, coordinatorUrl = '', instance = '' }] of table.byCoordinatorId)
              gave.set(`${id} ${coordinatorUrl} ${instance}`, name);
            for (const answer of answers.filter((one) => one.at === at)) {
              const entry = table.byKey.get(`ns/${answer.name}`);
              if (entry?.coordinatorUrl === undefined) continue;
              known.learnAnswer(`20260101_000000_00001_${answer.suffix}`, entry);
              gave.set(`${answer.suffix} ${entry.coordinatorUrl} ${entry.instance ?? ''}`, answer.name);
            }
          }
          const owner = known.ownerOf(`20260101_000000_00001_${asked}`);
          if (owner?.entry === undefined) return;
          const { coordinatorId, coordinatorUrl = '', instance = '' } = owner.entry;
          const isNamed = coordinatorId === asked && !table.sharedCoordinatorIds.has(asked);
          assert.ok(isNamed || gave.has(`${asked} ${coordinatorUrl} ${instance}`));
          assert.equal(table.byKey.get(owner.runtime), owner.entry);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is not told by an id that two coordinators have', () => {
    const table = buildRouteTable(['x', 'y', 'z'].map((name) => ({ ...anEntry, name, coordinatorId: name === 'z' ? 'zzzzz' : 'same1' })));
    assert.deepEqual([[...table.byCoordinatorId.keys()], [...table.sharedCoordinatorIds]], [['zzzzz'], ['same1']]);
  });

  it('of an id that is none is nobody, also when an entry has an empty coordinator id', () => {
    const odd = { ...anEntry, coordinatorId: '' };
    const table = buildRouteTable([odd]);
    const known = createKnownCoordinators(() => table);
    for (const id of ['', 'x', '20260101_000000_00001_', '20260101_000000_00001_../a']) assert.equal(known.ownerOf(id), undefined);
  });
});

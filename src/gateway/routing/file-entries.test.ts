import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFileEntries } from './file-entries.ts';

const good = { namespace: 'team', name: 'a', state: 'RUNNING', coordinatorUrl: 'http://10.0.0.5:8080/' };

describe('the entries of a routes file', () => {
  it('need a name, a state and an address; the rest has defaults', () => {
    assert.deepEqual(
      readFileEntries([good, { namespace: 'team', name: 'b', state: 'PAUSED', isDefault: true, hosts: ['b.example.com'] }]),
      {
        entries: [
          {
            schema: 1,
            namespace: 'team',
            name: 'a',
            state: 'RUNNING',
            coordinatorUrl: 'http://10.0.0.5:8080',
            routingGroup: 'team--a',
            hosts: [],
            headerValues: ['team/a'],
            isDefault: false,
            trinoVersion: 483,
            patienceMs: 600_000,
          },
          {
            schema: 1,
            namespace: 'team',
            name: 'b',
            state: 'PAUSED',
            routingGroup: 'team--b',
            hosts: ['b.example.com'],
            headerValues: ['team/b'],
            isDefault: true,
            trinoVersion: 483,
            patienceMs: 600_000,
          },
        ],
        problems: [],
      },
    );
  });

  const refused: readonly (readonly [given: unknown, problem: RegExp])[] = [
    [{ ...good, state: 'RUNING' }, /^entry 1 \(team\/a\): state is "RUNING": it must be one of RUNNING, /],
    [{ ...good, state: undefined }, /^entry 1 \(team\/a\): state is missing: it must be one of /],
    [{ ...good, namespace: 'Team A' }, /^entry 1 \(Team A\/a\): namespace is "Team A": it must be a Kubernetes name/],
    [{ state: 'PAUSED' }, /^entry 1: namespace is missing/],
    [{ ...good, coordinatorUrl: undefined }, /coordinatorUrl is missing|coordinatorUrl must/],
    [{ namespace: 'team', name: 'a', state: 'RUNNING' }, /: coordinatorUrl is missing: state RUNNING needs the address of a coordinator/],
    [{ ...good, coordinatorUrl: '10.0.0.5:8080' }, /: coordinatorUrl is "10.0.0.5:8080": it must be the address .* such as http:/],
    [{ ...good, coordinatorUrl: 'ftp://10.0.0.5:8080' }, /: coordinatorUrl is "ftp:.* such as http:.* or https:/],
    [{ ...good, coordinatorUrl: 'http://10.0.0.5:8080/ui/' }, /: coordinatorUrl is /],
    [{ ...good, hosts: 'trino.example.com' }, /: hosts is "trino.example.com": it must be a list/],
    [{ ...good, hosts: ['trino.example.com:8080'] }, /: hosts is \["trino.example.com:8080"\]: .*without port/],
    [{ ...good, patienceMs: '10m' }, /: patienceMs is "10m": it must be a positive number of milliseconds/],
    [{ ...good, isDefault: 'yes' }, /: isDefault is "yes": it must be true or false/],
    [{ ...good, coordinatorURL: 'http://x:1' }, /: coordinatorURL is no field of a route entry: remove it. Fields are .*coordinatorUrl/],
    [{ ...good, toString: 1 }, /: toString is no field/],
    [{ ...good, retiring: [{}] }, /: retiring is \[\{\}\]/],
    ['team/a', /^entry 1: it is "team\/a": it must be an object/],
  ];
  it('that are not good are named, with the field, its value and how to mend it, and the others stand', () => {
    const other = { namespace: 'team', name: 'z', state: 'PAUSED' };
    for (const [given, problem] of refused) {
      const { entries, problems } = readFileEntries([given, other]);
      assert.equal(problems.length, 1, JSON.stringify(given));
      assert.match(problems[0] ?? '', problem);
      assert.deepEqual(
        entries.map(({ name }) => name),
        ['z'],
      );
    }
  });

  it('that claim what an earlier one has are refused', () => {
    const first = { ...good, hosts: ['x.example.com'], isDefault: true };
    const second = { ...good, name: 'b' };
    const problem = (more: object): string => readFileEntries([first, { ...second, ...more }]).problems.join();
    assert.match(problem({ name: 'a' }), /^entry 2 \(team\/a\): namespace and name: team\/a belongs to team\/a above/);
    assert.match(
      problem({ hosts: ['x.example.com'] }),
      /^entry 2 \(team\/b\): hosts: x.example.com belongs to team\/a above: leave it to one of them/,
    );
    assert.match(problem({ headerValues: ['team/a'] }), /: headerValues: team\/a belongs/);
    assert.match(problem({ isDefault: true }), /: isDefault: true belongs/);
    assert.equal(problem({ isDefault: true, state: 'REMOVED' }), '');
  });

  it('are a list', () => {
    assert.match(readFileEntries({ entries: [] }).problems.join(), /^the file is not a list of route entries/);
    assert.deepEqual(readFileEntries([]), { entries: [], problems: [] });
  });
});

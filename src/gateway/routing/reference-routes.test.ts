import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFileEntries } from './file-entries.ts';
import { chooseRoute, buildRouteTable } from './route-table.ts';

const url = 'http://trino-sales.team-a.svc.cluster.local:8080';
const member = { name: 'sales', namespace: 'team-a', coordinatorURL: url };
const group = { name: 'bi', routingGroup: 'bi', backends: [member] };

describe("the reference's routes", () => {
  it('become one entry per backend, with the names of their route and all that it said of the backend', () => {
    const route = { ...group, hostname: 'BI.example.com:443', header: 'bi', default: true };
    const large = { ...member, name: 'large', state: 'PAUSED', active: true, tier: 'l', capacityUnits: 8 };
    const display = { runtimeShapeVersion: 'v1', runtimeShapeHash: '0123456789abcdef', observedGeneration: 3 };
    const { entries, problems } = readFileEntries({ routes: [{ ...route, backends: [{ ...member, ...display }, large] }] });
    assert.deepEqual(problems, []);
    const both = {
      schema: 1,
      namespace: 'team-a',
      routingGroup: 'bi',
      hosts: ['bi.example.com'],
      isDefault: true,
      coordinatorUrl: url,
      trinoVersion: 483,
      patienceMs: 600_000,
    };
    assert.deepEqual(entries, [
      { ...both, name: 'sales', state: 'RUNNING', headerValues: ['bi', 'team-a/sales'], weight: 1 },
      { ...both, name: 'large', state: 'PAUSED', headerValues: ['bi', 'team-a/large'], weight: 8 },
    ]);
  });

  it('are selected by host name, header and default as there', () => {
    const routes = [
      { name: 'a', hostname: 'a.example.com', backends: [{ ...member, name: 'a' }] },
      { name: 'b', header: 'to-b', backends: [{ ...member, name: 'b' }] },
      { name: 'c', default: true, backends: [{ ...member, name: 'c' }] },
    ];
    const table = buildRouteTable(readFileEntries({ routes }).entries);
    const chosen = (host: string, header?: string): unknown => (chooseRoute(table, host, header) as { readonly name?: string }).name;
    assert.deepEqual(
      [chosen('a.example.com:8080'), chosen('x', 'to-b'), chosen('x'), chosen('x', 'to-nobody')],
      ['a', 'b', 'c', undefined],
    );
  });

  it('read what is empty as left out, no state as RUNNING, no units as one, and a backend that is not active as DRAINING', () => {
    const empty = { ...group, routingGroup: '', hostname: '', header: null };
    const backends = [
      { ...member, name: 'a', state: '', tier: '' },
      { ...member, name: 'b', active: false, capacityUnits: 0, drainUntil: '2026-01-01T00:00:00Z' },
      { ...member, name: 'c', active: false, state: 'PAUSED' },
    ];
    const { entries, problems } = readFileEntries({ routes: [{ ...empty, backends }] });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ name, state, weight, routingGroup, hosts }) => [name, state, weight, routingGroup, hosts]),
      [
        ['a', 'RUNNING', 1, 'bi', []],
        ['b', 'DRAINING', 1, 'bi', []],
        ['c', 'PAUSED', 1, 'bi', []],
      ],
    );
  });

  const refused: readonly (readonly [route: unknown, problem: RegExp])[] = [
    ['bi', /^route 1: it is "bi": it must be an object/],
    [{ backends: [member] }, /^route 1: name is missing: it must be text/],
    [{ ...group, backends: [] }, /^route 1 \(bi\): backends is \[\]: it must be a list of one backend or more/],
    [{ ...group, hosts: ['x'] }, /^route 1 \(bi\): hosts is no field of a route: remove it. Fields are name, .*hostname/],
    [{ ...group, hostname: 'http://x' }, /^route 1 \(bi\): hostname is "http:\/\/x": it must be a host name/],
    [{ ...group, default: 'yes' }, /^route 1 \(bi\): default is "yes": it must be true or false/],
    [{ ...group, backends: ['x'] }, /^route 1 \(bi\), backend 1: it is "x": it must be an object/],
    [
      { ...group, backends: [{ ...member, state: 'UP' }] },
      /^route 1 \(bi\), backend 1 \(team-a\/sales\): state is "UP": it must be one of RUNNING/,
    ],
    [{ ...group, backends: [{ ...member, coordinatorURL: 'trino:8080' }] }, /coordinatorURL is "trino:8080": it must be the address/],
    [{ ...group, backends: [{ ...member, coordinatorUrl: url }] }, /coordinatorUrl is no field of a backend: .*coordinatorURL/],
    [{ ...group, backends: [{ ...member, capacityUnits: '4' }] }, /capacityUnits is "4": it must be a whole number/],
  ];
  it('that are not good are named, with the field, its value and how to mend it, and the others stand', () => {
    const other = { name: 'other', backends: [{ ...member, name: 'z' }] };
    for (const [given, problem] of refused) {
      const { entries, problems } = readFileEntries({ routes: [given, other] });
      assert.equal(problems.length, 1, JSON.stringify(given));
      assert.match(problems[0] ?? '', problem);
      assert.deepEqual(
        entries.map(({ name }) => name),
        ['z'],
      );
    }
  });

  it('that claim what an earlier one has are refused, and a backend is of one route only', () => {
    const second = (more: object): readonly string[] =>
      readFileEntries({
        routes: [
          { ...group, header: 'x' },
          { name: 'second', backends: [{ ...member, name: 'b' }], ...more },
        ],
      }).problems;
    assert.deepEqual(second({}), []);
    assert.match(second({ header: 'x' }).join(), /^route 2 \(second\), backend 1 \(team-a\/b\): headerValues: x belongs to team-a\/sales/);
    assert.match(second({ backends: [member] }).join(), /namespace and name: team-a\/sales belongs to team-a\/sales above/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { XTrinode } from '#apis/v1/objects.ts';
import { headerValueOf, ownName, resolveClaims } from './claims.ts';

const word = fc.constantFrom('a', 'b', 'c');

const runtimes: fc.Arbitrary<XTrinode[]> = fc.uniqueArray(
  fc
    .record({
      namespace: word,
      name: word,
      createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      hostname: fc.option(fc.constantFrom('a.example.com', 'A.example.com', 'b.example.com'), { nil: undefined }),
      header: fc.option(fc.constantFrom('X-Trino-XTrinode: a', 'X-Trino-XTrinode=b', 'a/a', 'X-Trino-XTrinode: b/b', 'X='), {
        nil: undefined,
      }),
      isDefault: fc.boolean(),
    })
    .map(({ namespace, name, createdAt, hostname, header, isDefault }) => {
      const routing = { ...(hostname === undefined ? {} : { hostname }), ...(header === undefined ? {} : { header }), default: isDefault };
      return {
        apiVersion: 'v1',
        kind: 'XTrinode',
        metadata: { namespace, name, creationTimestamp: createdAt },
        spec: { routing },
      } as unknown as XTrinode;
    }),
  { selector: ownName },
);

/** Who holds each claim. */
function holders(list: readonly XTrinode[]): Map<string, string[]> {
  const held = new Map<string, string[]>();
  for (const [key, { hosts, headerValues, isDefault }] of resolveClaims(list)) {
    const claims = [
      ...hosts.map((host) => `host ${host}`),
      ...headerValues.map((value) => `header ${value}`),
      ...(isDefault ? ['default'] : []),
    ];
    for (const claim of claims) held.set(claim, [...(held.get(claim) ?? []), key]);
  }
  return held;
}

describe('route claims', () => {
  it('each belong to one runtime, and its own name always to itself', () => {
    fc.assert(
      fc.property(runtimes, (list) => {
        const held = holders(list);
        for (const [claim, keys] of held) assert.equal(keys.length, 1, claim);
        for (const runtime of list) assert.deepEqual(held.get(`header ${ownName(runtime)}`), [ownName(runtime)]);
      }),
    );
  });

  it('do not depend on the order in which runtimes are listed', () => {
    fc.assert(fc.property(runtimes, (list) => assert.deepEqual(resolveClaims([...list].reverse()), resolveClaims(list))));
  });

  it('stay with the oldest when a younger one comes', () => {
    fc.assert(
      fc.property(runtimes, (list) => {
        const before = holders(list);
        const late = {
          apiVersion: 'v1',
          kind: 'XTrinode',
          metadata: { namespace: 'z', name: 'z', creationTimestamp: '2026-02-01T00:00:00Z' },
          spec: { routing: { hostname: 'a.example.com', header: 'a', default: true } },
        };
        const after = holders([...list, late as unknown as XTrinode]);
        for (const [claim, keys] of before) assert.deepEqual(after.get(claim), keys);
      }),
    );
  });

  it('that are lost are named, without the name of who has them', () => {
    const make = (name: string, at: string): XTrinode =>
      ({
        apiVersion: 'v1',
        kind: 'XTrinode',
        metadata: { namespace: 'secret', name, creationTimestamp: at },
        spec: { routing: { hostname: 'h.example.com', header: 'X-Trino-XTrinode: v', default: true } },
      }) as unknown as XTrinode;
    const { lost } =
      resolveClaims([make('first', '2026-01-01T00:00:00Z'), make('second', '2026-01-02T00:00:00Z')]).get('secret/second') ?? {};
    assert.deepEqual(lost, ['host name h.example.com', 'header value v', 'the default route']);
  });

  const member = (name: string, namespace: string, day: number, routing: object): XTrinode =>
    ({
      apiVersion: 'v1',
      kind: 'XTrinode',
      metadata: { namespace, name, creationTimestamp: `2026-01-0${day}T00:00:00Z` },
      spec: { routing },
    }) as unknown as XTrinode;

  it('are shared by the members of a routing group of one namespace', () => {
    const routing = { routingGroup: 'bi', hostnameDomain: 'example.com', header: 'bi', default: true };
    const claims = resolveClaims([member('a', 'n', 1, routing), member('b', 'n', 2, routing), member('c', 'n', 3, { routingGroup: 'bi' })]);
    for (const name of ['a', 'b']) {
      const { routingGroup, hosts, headerValues, isDefault, lost } = claims.get(`n/${name}`) ?? {};
      assert.deepEqual([routingGroup, hosts, headerValues?.[1], isDefault, lost], ['bi', ['bi.example.com'], 'bi', true, []]);
    }
    assert.equal(claims.get('n/c')?.routingGroup, 'bi');
  });

  it('on a routing group of another namespace need its consent', () => {
    const foreign = member('b', 'm', 2, { routingGroup: 'bi', hostnameDomain: 'example.com' });
    const alone = resolveClaims([member('a', 'n', 1, { routingGroup: 'bi', hostnameDomain: 'example.com' }), foreign]).get('m/b');
    assert.deepEqual([alone?.routingGroup, alone?.hosts, alone?.lost.length], ['m--b', [], 2]);
    assert.match(alone?.lost[0] ?? '', /^routing group bi \(unless .*sharedWith\)$/);
    const owner = member('a', 'n', 1, { routingGroup: 'bi', hostnameDomain: 'example.com', sharedWith: ['m'] });
    const welcome = resolveClaims([owner, foreign]).get('m/b');
    assert.deepEqual([welcome?.routingGroup, welcome?.hosts, welcome?.lost], ['bi', ['bi.example.com'], []]);
  });

  it('on the group that a runtime has by its own name are that runtime’s, however young it is', () => {
    const claims = resolveClaims([member('squatter', 'm', 1, { routingGroup: 'n--a' }), member('a', 'n', 2, {})]);
    assert.deepEqual([claims.get('n/a')?.routingGroup, claims.get('m/squatter')?.routingGroup], ['n--a', 'm--squatter']);
  });

  it('on an empty header value are none', () => {
    assert.deepEqual([headerValueOf('X-Trino-XTrinode: a'), headerValueOf('k=v=w'), headerValueOf('bare')], ['a', 'v=w', 'bare']);
    const empty = {
      apiVersion: 'v1',
      kind: 'XTrinode',
      metadata: { namespace: 'n', name: 'a' },
      spec: { routing: { header: 'X=' } },
    } as unknown as XTrinode;
    assert.deepEqual(resolveClaims([empty]).get('n/a')?.headerValues, ['n/a']);
  });
});

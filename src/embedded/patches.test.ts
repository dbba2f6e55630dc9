import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { deployments, pods } from '#kube/resources.ts';
import { builtInShape } from './list-types.ts';
import { Registry } from './registry.ts';
import { strategicPatch } from './strategic-patch.ts';

const registry = new Registry();
const pod = builtInShape(registry.resolve(pods));
const deployment = builtInShape(registry.resolve(deployments));

describe('merge patch', () => {
  it('gives the results of the table in RFC 7386', () => {
    const cases: readonly [unknown, unknown, unknown][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of cases) {
      assert.deepEqual(mergePatch(target, patch), result);
    }
  });
  it('never changes its target, nor the prototype of anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = JSON.stringify(target);
        mergePatch(target, patch);
        assert.equal(JSON.stringify(target), before);
      }),
    );
    mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

describe('JSON patch', () => {
  it('adds, removes, replaces, moves and copies (RFC 6902, appendix A)', () => {
    const run = (target: unknown, ...patch: unknown[]): unknown => jsonPatch(target, patch);
    assert.deepEqual(run({ foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }), { foo: ['bar', 'qux', 'baz'] });
    assert.deepEqual(run({ foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['x'] }), { foo: ['bar', ['x']] });
    assert.deepEqual(run({ foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }), { foo: ['bar', 'baz'] });
    assert.deepEqual(run({ baz: 'qux' }, { op: 'replace', path: '/baz', value: 'boo' }), { baz: 'boo' });
    assert.deepEqual(run({ a: { b: 1 }, c: {} }, { op: 'move', from: '/a/b', path: '/c/d' }), { a: {}, c: { d: 1 } });
    assert.deepEqual(run({ a: [1] }, { op: 'copy', from: '/a', path: '/b' }), { a: [1], b: [1] });
    assert.deepEqual(run({ '~1': 10 }, { op: 'test', path: '/~01', value: 10 }), { '~1': 10 });
  });
  it('refuses missing paths, bad indexes and failed tests', () => {
    for (const operation of [
      { op: 'remove', path: '/a' },
      { op: 'replace', path: '/a', value: 1 },
      { op: 'add', path: '/l/9', value: 1 },
      { op: 'test', path: '/l', value: [2] },
      { op: 'copy', from: '/x', path: '/y' },
      { op: 'remove', path: '' },
    ]) {
      assert.throws(() => jsonPatch({ l: [1] }, [operation]), { code: 422 }, JSON.stringify(operation));
    }
    assert.throws(() => jsonPatch({}, { op: 'add' }), { code: 400 });
  });
});

describe('strategic patch', () => {
  it('merges keyed lists, deletes and replaces on request, and puts first what the patch names', () => {
    const target = {
      spec: { volumes: [{ name: 'a', secret: {} }], containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 1 }], args: ['1'] }] },
    };
    const patch = {
      spec: {
        '$setElementOrder/containers': [{ name: 'c' }],
        volumes: [
          { name: 'a', $patch: 'delete' },
          { name: 'b', emptyDir: {} },
        ],
        containers: [{ name: 'c', args: ['2'], ports: [{ containerPort: 2 }] }],
      },
    };
    assert.deepEqual(strategicPatch(target, patch, pod), {
      spec: {
        volumes: [{ name: 'b', emptyDir: {} }],
        containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 2 }, { containerPort: 1 }], args: ['2'] }],
      },
    });
    assert.deepEqual(
      strategicPatch({ spec: { containers: [{ name: 'c' }] } }, { spec: { containers: [{ $patch: 'replace' }, { name: 'd' }] } }, pod),
      {
        spec: { containers: [{ name: 'd' }] },
      },
    );
  });
  it('keeps only the retained keys of a union', () => {
    const target = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    assert.deepEqual(strategicPatch(target, patch, deployment), { spec: { strategy: { type: 'Recreate' } } });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  SelectorError,
  formatLabelSelector,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  requirementsOf,
} from './selector.ts';

const matches = (selector: string, labels?: Record<string, string>): boolean => matchesLabels(parseLabelSelector(selector), labels);

describe('label selectors', () => {
  it('select everything when empty', () => {
    assert.equal(matches('', undefined), true);
  });
  it('compare, include, exclude and test for presence', () => {
    const labels = { app: 'trino', 'xtrinode.io/role': 'worker', size: '5' };
    assert.equal(matches('app=trino,xtrinode.io/role in (worker, coordinator),!gone', labels), true);
    assert.equal(matches('app==trino,size>4,size<6', labels), true);
    assert.equal(matches('app!=trino', labels), false);
    assert.equal(matches('app notin (x),app', labels), true);
    assert.equal(matches('app,gone', labels), false);
  });
  it('let != and notin select objects without the label, as Kubernetes does', () => {
    assert.equal(matches('app!=x', {}), true);
    assert.equal(matches('app notin (x)', undefined), true);
  });
  it('are not fooled by names every JavaScript object has', () => {
    assert.equal(matches('constructor', {}), false);
  });
  it('are refused with the reason when they cannot be read', () => {
    for (const bad of ['a in x', 'a in ()b', ',', 'a=b c', '=x', 'a>b', 'a in (b']) {
      assert.throws(() => parseLabelSelector(bad), SelectorError, bad);
    }
  });
  it('have an object form that means the same and can be written as text', () => {
    const requirements = requirementsOf({
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'NotIn', values: ['d', 'e'] },
        { key: 'f', operator: 'Exists' },
      ],
    });
    assert.equal(formatLabelSelector(requirements), 'a=b,c notin (d,e),f');
    assert.deepEqual(parseLabelSelector(formatLabelSelector(requirements)), requirements);
    assert.throws(() => requirementsOf({ matchExpressions: [{ key: 'a', operator: 'Near' }] }), SelectorError);
  });
});

describe('field selectors', () => {
  it('compare paths as text, an absent one being empty', () => {
    const object = { metadata: { name: 'a' }, spec: { replicas: 2 } };
    assert.equal(matchesFields(parseFieldSelector('metadata.name=a,spec.replicas==2,status.phase!=Running'), object), true);
    assert.equal(matchesFields(parseFieldSelector('spec.nodeName='), object), true);
    assert.equal(matchesFields(parseFieldSelector('metadata.name!=a'), object), false);
    assert.throws(() => parseFieldSelector('metadata.name'), SelectorError);
  });
});

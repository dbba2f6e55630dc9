import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '#core/objects.ts';
import { demandSchemaAnnotation, findDemandProblem } from './demand-lease.ts';

function aLease(annotations: Readonly<Record<string, string>>): Lease {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'xtrinode-demand-sales', annotations }, spec: {} };
}

test('a demand of this schema is read, with annotations of later releases and without a version', () => {
  assert.equal(findDemandProblem(aLease({ [demandSchemaAnnotation]: '1', 'xtrinode.io/later': 'x' })), undefined);
  assert.equal(findDemandProblem(aLease({})), undefined);
});

test('a demand of another schema is not read, and says in which order to upgrade', () => {
  assert.match(
    findDemandProblem(aLease({ [demandSchemaAnnotation]: '2' })) ?? '',
    /schema "2".*reads schema 1: upgrade the operator, then the API server/,
  );
});

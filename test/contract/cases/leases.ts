import assert from 'node:assert/strict';
import type { Lease } from '#core/objects.ts';
import { leases } from '#kube/resources.ts';
import { contract, type ContractGroup } from '../contract-case.ts';
import { me } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

function lease(namespace: string, spec: Lease['spec'], name = 'l'): Lease {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
}

const first = { holderIdentity: 'one', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000001Z' };

export const leasing: ContractGroup = {
  name: 'leases',
  cases: [
    contract('keeps times to the microsecond', async ({ api, namespace }) => {
      const made = await api.create(leases, lease(namespace, first), me);
      assert.deepEqual(made.spec, first);
      const coarse = lease(namespace, { ...first, renewTime: '2026-01-01T00:00:00Z' }, 'coarse');
      await fails(api.create(leases, coarse, me), 400, 'BadRequest', /parsing time/);
    }),
    contract('is taken by one of two who saw the same version', async ({ api, namespace }) => {
      const seen = await api.create(leases, lease(namespace, first), me);
      const mine = { ...seen, spec: { ...seen.spec, holderIdentity: 'two', leaseTransitions: 1 } };
      await api.replace(leases, mine, { fieldManager: 'two' });
      await fails(
        api.replace(leases, { ...mine, spec: { ...mine.spec, holderIdentity: 'three' } }, { fieldManager: 'three' }),
        409,
        'Conflict',
      );
      assert.equal((await api.get<Lease>(leases, { namespace, name: 'l' }))?.spec.holderIdentity, 'two');
    }),
    contract('is made by replacing one that is not there', async ({ api, namespace }) => {
      const made = await api.replace(leases, lease(namespace, first, 'new'), me);
      assert.equal(made.spec.holderIdentity, 'one');
    }),
    contract('refuses durations and counts that are none', async ({ api, namespace }) => {
      await fails(api.create(leases, lease(namespace, { ...first, leaseDurationSeconds: 0 }), me), 422, 'Invalid', /leaseDurationSeconds/);
      await fails(api.create(leases, lease(namespace, { ...first, leaseTransitions: -1 }), me), 422, 'Invalid', /leaseTransitions/);
    }),
  ],
};

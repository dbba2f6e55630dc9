import assert from 'node:assert/strict';
import { contract, type ContractGroup } from '../contract-case.ts';
import { me, widget, widgets, type Widget } from '../contract-objects.ts';
import { fails } from '../expectations.ts';

export const customResources: ContractGroup = {
  name: 'custom resources',
  cases: [
    contract('fills in defaults and drops unknown fields, keeping those it is told to keep', async ({ api, namespace }) => {
      const made = await api.create(widgets, widget(namespace, { size: 'xs', nonsense: 1, free: { any: [1] }, port: 80 }), me);
      assert.deepEqual(made.spec, { size: 'xs', color: 'red', free: { any: [1] }, port: 80 });
    }),
    contract('refuses wrong values in the words of Kubernetes, one cause per field', async ({ api, namespace }) => {
      const refusal = (spec: Widget['spec'], message: RegExp) =>
        fails(api.create(widgets, widget(namespace, spec), me), 422, 'Invalid', message);
      const error = await refusal({ size: 'xxl' }, /spec\.size: Unsupported value: "xxl": supported values: "xs", "s"/);
      assert.deepEqual(
        error.causes.map(({ field }) => field),
        ['spec.size', '<nil>'], // the second one says that the rules were not run
      );
      await refusal({}, /spec\.size: Required value/);
      await refusal({ size: 'xs', count: 'two' }, /spec\.count: Invalid value: "string": spec\.count in body must be of type integer/);
      await refusal({ size: 'xs', count: 10 }, /spec\.count in body should be less than or equal to 9/);
      await refusal({ size: 'xs', code: 'A' }, /spec\.code in body should match/);
      await refusal({ size: 'xs', code: 'abcdef' }, /spec\.code: Too long/);
      await refusal({ size: 'xs', tags: ['a', 'a'] }, /spec\.tags\[1\]: Duplicate value: "a"/);
    }),
    contract('runs CEL rules, and transition rules only on change', async ({ api, namespace }) => {
      const error = await fails(
        api.create(widgets, widget(namespace, { size: 'xs', count: 3, most: 2 }), me),
        422,
        'Invalid',
        /count must not exceed most/,
      );
      assert.equal(error.causes[0]?.field, 'spec.count');
      await api.create(widgets, widget(namespace, { size: 'xs', fixed: 'a' }), me);
      await fails(
        api.patch(widgets, { namespace, name: 'w' }, 'merge', { spec: { fixed: 'b' } }, me),
        422,
        'Invalid',
        /fixed cannot be changed/,
      );
    }),
  ],
};

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
    contract('runs transition rules only where there was a value', async ({ api, namespace }) => {
      const change = (spec: object) => api.patch<Widget>(widgets, { namespace, name: 'w' }, 'merge', { spec }, me);
      await api.create(widgets, widget(namespace, { size: 'xs', grows: 3 }), me);
      await fails(change({ grows: 2 }), 422, 'Invalid', /spec\.grows: Invalid value: .*grows cannot shrink/);
      await change({ grows: 5 });
      await change({ grows: null });
      await change({ grows: 1 });
    }),
    contract('tells items of a keyed list apart by their keys in transition rules', async ({ api, namespace }) => {
      const key = { namespace, name: 'w' };
      const change = (steps: unknown) => api.patch<Widget>(widgets, key, 'merge', { spec: { steps } }, me);
      const two = [
        { name: 'a', size: 1 },
        { name: 'b', size: 9 },
      ];
      await api.create(widgets, widget(namespace, { size: 'xs', steps: two }), me);
      await change(two.toReversed());
      await change([{ name: 'b', size: 9 }, { name: 'c' }]);
      await fails(change([{ name: 'b', size: 8 }]), 422, 'Invalid', /spec\.steps\[0\]: Invalid value: .*a step cannot shrink/);
      const many = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));
      await fails(change(many), 422, 'Invalid', /spec\.steps: Invalid value: .*at most four steps/);
    }),
    contract('has the functions of Kubernetes in rules', async ({ api, namespace }) => {
      const made = (amount: string) => api.create(widgets, widget(namespace, { size: 'xs', amount }, amount.toLowerCase()), me);
      await made('9Gi');
      await fails(made('10Gi'), 422, 'Invalid', /spec\.amount: Forbidden: .* is not less than 10Gi/);
      await fails(made('much'), 422, 'Invalid', /spec\.amount: Forbidden: .* is not less than 10Gi/);
    }),
  ],
};

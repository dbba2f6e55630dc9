// The objects the contract is told with: a Widget whose schema has one of everything, and small core objects.
import type { ConfigMap, Deployment, KubeObject, Pod } from '#core/objects.ts';
import type { Resource } from '#kube/port.ts';

export interface Widget extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export const widgets: Resource = { group: 'contract.xtrinode.io', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
export const me = { fieldManager: 'contract' };

/** Takes anything. */
const loose = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

export const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.contract.xtrinode.io' },
  spec: {
    group: 'contract.xtrinode.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      { name: 'v1beta1', served: true, storage: false, deprecated: true, schema: loose },
      { name: 'v1alpha1', served: true, storage: false, deprecated: true, deprecationWarning: 'use another one', schema: loose },
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: 'Size', type: 'string', jsonPath: '.spec.size' },
          { name: 'Count', type: 'integer', jsonPath: '.spec.count', description: 'how many' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Parts', type: 'string', jsonPath: '.spec.parts[*].name', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        subresources: { status: {}, scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'string', enum: ['xs', 's'] },
                  color: { type: 'string', default: 'red' },
                  count: { type: 'integer', minimum: 0, maximum: 9 },
                  most: { type: 'integer' },
                  code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
                  port: { 'x-kubernetes-int-or-string': true },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  grows: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'grows cannot shrink' }] },
                  amount: {
                    type: 'string',
                    maxLength: 20,
                    'x-kubernetes-validations': [
                      {
                        rule: 'isQuantity(self) && quantity(self).isLessThan(quantity("10Gi"))',
                        messageExpression: 'self + " is not less than 10Gi"',
                        reason: 'FieldValueForbidden',
                      },
                    ],
                  },
                  steps: {
                    type: 'array',
                    maxItems: 5,
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string', maxLength: 9 }, size: { type: 'integer' } },
                      'x-kubernetes-validations': [
                        { rule: '!has(self.size) || !has(oldSelf.size) || self.size >= oldSelf.size', message: 'a step cannot shrink' },
                      ],
                    },
                    'x-kubernetes-validations': [{ rule: 'self.size() < 5', message: 'at most four steps', reason: 'FieldValueInvalid' }],
                  },
                  fixed: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed cannot be changed' }] },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer' } } },
                  },
                  tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                },
                'x-kubernetes-validations': [
                  {
                    rule: '!has(self.count) || !has(self.most) || self.count <= self.most',
                    message: 'count must not exceed most',
                    fieldPath: '.count',
                  },
                ],
              },
              status: { type: 'object', properties: { phase: { type: 'string' }, count: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
} as unknown as KubeObject;

export function configMap(namespace: string, name: string, more: Partial<ConfigMap> = {}, labels?: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) }, ...more };
}

export function widget(namespace: string, spec: Widget['spec'], name = 'w'): Widget {
  return { apiVersion: 'contract.xtrinode.io/v1', kind: 'Widget', metadata: { name, namespace }, spec };
}

/** On a node that does not exist, so that nobody runs it or writes its status. */
export function pod(namespace: string, name: string, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { nodeName: 'elsewhere', containers: [{ name: 'c', image: 'x:1' }], ...spec },
  };
}

export function deployment(namespace: string, name: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'x:1' }] } },
    },
  };
}

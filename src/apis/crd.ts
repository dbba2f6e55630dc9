// Assembles the CustomResourceDefinitions from the schemas. Run by tools/gen.ts only; the result is committed in
// apis/generated and read at run time from there.
import { structuralSchemaOf, type StructuralSchema } from './structural.ts';
import type { CelRule } from './v1/cel-rules.ts';
import { xtrinodeCatalogSpec, xtrinodeCatalogStatus } from './v1/catalog.ts';
import { maxRuntimeNameLength, reservedNamePattern } from './v1/names.ts';
import { xtrinodes, xtrinodeCatalogs } from './v1/resources.ts';
import { xtrinodeSpec } from './v1/xtrinode.ts';
import { xtrinodeStatus } from './v1/xtrinode.status.ts';

type PrinterColumn = { name: string; type: string; jsonPath: string; description: string; priority?: number };

interface Kind {
  readonly resource: { readonly group: string; readonly version: string; readonly kind: string; readonly plural: string };
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: StructuralSchema;
  readonly status: StructuralSchema;
  readonly rules: readonly CelRule[];
  readonly columns: readonly PrinterColumn[];
  readonly subresources: Readonly<Record<string, unknown>>;
}

function assemble(kind: Kind): object {
  const { resource } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource.plural}.${resource.group}` },
    spec: {
      group: resource.group,
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: kind.singular,
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      },
      scope: 'Namespaced',
      versions: [
        {
          name: resource.version,
          served: true,
          storage: true,
          subresources: kind.subresources,
          additionalPrinterColumns: kind.columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string', description: `Version of this schema: ${resource.group}/${resource.version}.` },
                kind: { type: 'string', description: `Kind of this object: ${resource.kind}.` },
                // The name is here for the rules that point to it; its form is checked as for every object.
                metadata: { type: 'object', properties: { name: { type: 'string' } } },
                spec: kind.spec,
                status: kind.status,
              },
              ...(kind.rules.length > 0 ? { 'x-kubernetes-validations': kind.rules } : {}),
            },
          },
        },
      ],
    },
  };
}

function described(schema: StructuralSchema, description: string): StructuralSchema {
  return { description, ...schema };
}

export function xtrinodeCrd(): object {
  return assemble({
    resource: xtrinodes,
    singular: 'xtrinode',
    shortNames: ['tn'],
    description: 'XTrinode is one named Trino runtime: its size, workers, catalogs, route and when it may sleep.',
    spec: described(structuralSchemaOf(xtrinodeSpec, 'spec'), 'What you want. No part of XTrinode writes it, so it can live in Git.'),
    status: described(structuralSchemaOf(xtrinodeStatus, 'status'), 'What is. Written by the operator alone; changes by hand do not last.'),
    rules: [
      {
        rule: `self.metadata.name.size() <= ${maxRuntimeNameLength}`,
        message: `the name is too long: at most ${maxRuntimeNameLength} characters, so that the names made from it fit into 63`,
        messageExpression: `'the name has %d characters and may have at most ${maxRuntimeNameLength}, so that the names made from it fit into 63: choose a shorter one'.format([self.metadata.name.size()])`,
        fieldPath: '.metadata.name',
      },
      {
        rule: `!self.metadata.name.matches('${reservedNamePattern}')`,
        message: 'a name that ends in a dash and eight hexadecimal digits is reserved for revisions: choose another',
        messageExpression:
          "'the name ' + self.metadata.name + ' ends in a dash and eight hexadecimal digits, which is reserved for revisions: choose another'",
        fieldPath: '.metadata.name',
      },
      {
        rule: "!self.metadata.name.contains('.')",
        message: 'the name has a dot, which names of Services may not have: use dashes',
        messageExpression: "'the name ' + self.metadata.name + ' has a dot, which names of Services may not have: use dashes'",
        fieldPath: '.metadata.name',
      },
    ],
    columns: [
      { name: 'Size', type: 'string', jsonPath: '.spec.size', description: 'T-shirt size' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where the runtime is in its life' },
      { name: 'Workers', type: 'integer', jsonPath: '.status.workers', description: 'Ready workers' },
      { name: 'Route', type: 'string', jsonPath: '.status.route', description: 'How clients select it' },
      { name: 'Version', type: 'string', jsonPath: '.spec.version', description: 'Trino version', priority: 1 },
      { name: 'Revision', type: 'string', jsonPath: '.status.servingRevision', description: 'Serving revision', priority: 1 },
      { name: 'Why', type: 'string', jsonPath: '.status.lifecycle.message', description: 'Why it is awake or asleep', priority: 1 },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
    ],
    subresources: {
      status: {},
      scale: { specReplicasPath: '.spec.workers', statusReplicasPath: '.status.workers', labelSelectorPath: '.status.selector' },
    },
  });
}

export function xtrinodeCatalogCrd(): object {
  return assemble({
    resource: xtrinodeCatalogs,
    singular: 'xtrinodecatalog',
    shortNames: [],
    description: 'XTrinodeCatalog is one Trino catalog that runtimes of its namespace select by label.',
    spec: described(
      structuralSchemaOf(xtrinodeCatalogSpec, 'spec'),
      'What you want: one connector, and the labels by which runtimes find it.',
    ),
    status: described(
      structuralSchemaOf(xtrinodeCatalogStatus, 'status'),
      'What is. Written by the operator alone; changes by hand do not last.',
    ),
    rules: [
      {
        rule: "!(self.metadata.name in ['system', 'trino-catalog-system']) || has(self.spec.connector.system)",
        message: 'Trino has a catalog system of its own: choose another name',
        fieldPath: '.metadata.name',
      },
      {
        rule: "!self.metadata.name.contains('.')",
        message: 'the name has a dot, which SQL reads as the end of the catalog: use dashes',
        messageExpression: "'the name ' + self.metadata.name + ' has a dot, which SQL reads as the end of the catalog: use dashes'",
        fieldPath: '.metadata.name',
      },
    ],
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Ready or Error' },
      { name: 'Message', type: 'string', jsonPath: '.status.message', description: 'What that means' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
    ],
    subresources: { status: {} },
  });
}

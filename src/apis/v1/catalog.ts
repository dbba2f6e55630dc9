// Schema of the XTrinodeCatalog resource: one Trino catalog that runtimes select by label. Source: reference-api section 2.
// The connector union is open here: each connector keeps its typed fields; those with an effect are in trino/connectors.
import { z } from 'zod';
import { conditions, secretKeySelector, stringMap } from './fields.ts';

const common = {
  properties: stringMap.describe('Properties passed on as they are. Secrets do not belong here.').optional(),
  propertySecretRefs: z
    .record(z.string(), secretKeySelector)
    .describe('Properties whose value comes from a Secret of the namespace.')
    .optional(),
};

const plain = (description: string) => z.object(common).describe(description).optional();
const loose = (description: string) => z.looseObject(common).describe(description).optional();

/** Reference connectors whose typed fields come with the connector work; their objects are kept as they are. */
const laterConnectors = [
  'bigQuery', 'cassandra', 'clickHouse', 'deltaLake', 'druid', 'duckDB', 'elasticsearch', 'exasol', 'faker', 'googleSheets', 'hive', 'hudi',
  'iceberg', 'ignite', 'kafka', 'lakehouse', 'loki', 'mariaDB', 'mongodb', 'mysql', 'openSearch', 'oracle', 'pinot', 'postgres', 'prometheus',
  'redis', 'redshift', 'singleStore', 'snowflake', 'sqlServer', 'thrift', 'vertica',
] as const; // prettier-ignore

const later = Object.fromEntries(
  laterConnectors.map((name) => [name, loose(`The ${name} connector; typed fields kept, not rendered yet.`)]),
);

export const xtrinodeCatalogSpec = z.object({
  connector: z
    .object({
      tpch: plain('The TPC-H data generator.'),
      tpcds: plain('The TPC-DS data generator.'),
      memory: z
        .object({ ...common, maxDataPerNode: z.string().max(32).describe('memory.max-data-per-node, a Trino data size.').optional() })
        .describe('Tables in the memory of the workers; gone when the runtime sleeps.')
        .optional(),
      blackHole: plain('Takes everything, returns nothing.'),
      jmx: plain('The JMX beans of the Trino nodes.'),
      system: plain('Accepted for compatibility; Trino has the system catalog built in.'),
      custom: z
        .object({ ...common, connectorName: z.string().min(1).max(63).describe('connector.name of the catalog.') })
        .describe('Any connector, by its name and properties.')
        .optional(),
      ...later,
    })
    .describe('Exactly one connector.')
    .meta({ minProperties: 1, maxProperties: 1 }),
  labels: stringMap.describe('What spec.catalogSelector of a runtime matches.').optional(),
});

export const xtrinodeCatalogStatus = z.object({
  phase: z.string().describe('Ready or Error.').optional(),
  message: z.string().describe('What that means.').optional(),
  configMapName: z.string().describe('ConfigMap with the rendered properties.').optional(),
  observedGeneration: z.number().int().describe('Generation of the spec that this status describes.').optional(),
  lastUpdated: z.iso.datetime().describe('When the phase last changed.').optional(),
  conditions: conditions.describe('Each judged by one part of the operator.').optional(),
});

export type XTrinodeCatalogStatus = z.output<typeof xtrinodeCatalogStatus>;

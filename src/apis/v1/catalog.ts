// Schema of the XTrinodeCatalog resource: one Trino catalog that runtimes select by label. Source: reference-api section 2.
// The connector union is open here: each connector keeps its typed fields; those with an effect are in trino/connectors.
import { z } from 'zod';
import { celText } from '#core/property-text.ts';
import { matches, withRules } from './cel-rules.ts';
import { conditions, maxNameLength, propertyValue, secretKeySelector, stringMap } from './fields.ts';
import * as forms from './text-forms.ts';

const { formWords } = forms;

const common = {
  properties: withRules(stringMap(64, propertyValue), {
    rule: "!('connector.name' in self)",
    message: 'connector.name follows from the connector chosen: remove it',
  })
    .describe(
      'Properties of the catalog as Trino documents them, passed on as they are. Secrets do not belong here: see propertySecretRefs.',
    )
    .optional(),
  propertySecretRefs: z
    .record(z.string(), secretKeySelector)
    .meta({ maxProperties: 64 })
    .describe(
      'Properties whose value comes from a Secret of the namespace, by property name. The value reaches Trino as an environment variable and stands in no ConfigMap.',
    )
    .optional(),
};

function rulesOfOne<S extends z.ZodType>(connector: S): S {
  return withRules(connector, {
    rule: '!has(self.properties) || !has(self.propertySecretRefs) || !self.properties.exists(name, name in self.propertySecretRefs)',
    message: 'a property is in properties and in propertySecretRefs: keep one of them',
  });
}

const plain = (description: string) => rulesOfOne(z.object(common)).describe(description).optional();

/** Reference connectors whose typed fields come with the connector work; their objects are kept as they are. */
const laterConnectors: Readonly<Record<string, string>> = {
  bigQuery: 'BigQuery', cassandra: 'Cassandra', clickHouse: 'ClickHouse', deltaLake: 'Delta Lake', druid: 'Druid', duckDB: 'DuckDB',
  elasticsearch: 'Elasticsearch', exasol: 'Exasol', faker: 'Faker', googleSheets: 'Google Sheets', hive: 'Hive', hudi: 'Hudi', iceberg: 'Iceberg',
  ignite: 'Ignite', kafka: 'Kafka', lakehouse: 'Lakehouse', loki: 'Loki', mariaDB: 'MariaDB', mongodb: 'MongoDB', mysql: 'MySQL',
  openSearch: 'OpenSearch', oracle: 'Oracle', pinot: 'Pinot', postgres: 'PostgreSQL', prometheus: 'Prometheus', redis: 'Redis',
  redshift: 'Redshift', singleStore: 'SingleStore', snowflake: 'Snowflake', sqlServer: 'SQL Server', thrift: 'Thrift', vertica: 'Vertica',
}; // prettier-ignore

const later = Object.fromEntries(
  Object.entries(laterConnectors).map(([key, name]) => [
    key,
    rulesOfOne(z.looseObject(common))
      .describe(
        `The ${name} connector. Its fields are kept as they are; until it is rendered, use custom with its connectorName and properties.`,
      )
      .optional(),
  ]),
);

const connectors = {
  tpch: plain('The TPC-H connector: generated data of the TPC-H benchmark, in schemas tiny, sf1 and so on.'),
  tpcds: plain('The TPC-DS connector: generated data of the TPC-DS benchmark, in schemas tiny, sf1 and so on.'),
  memory: rulesOfOne(
    z.object({
      ...common,
      maxDataPerNode: withRules(z.string().max(32), matches(forms.dataSizePattern, formWords.dataSize))
        .describe('Most that one worker keeps (memory.max-data-per-node), as a Trino data size such as 512MB. Default: 128MB.')
        .optional(),
    }),
  )
    .describe('The memory connector: tables in the memory of the workers, gone when the runtime sleeps.')
    .optional(),
  blackHole: plain('The black hole connector: takes every row, returns none.'),
  jmx: plain('The JMX connector: the JMX beans of the Trino nodes as tables.'),
  system: plain('The system catalog, which Trino has built in: accepted for compatibility, makes no file.'),
  custom: rulesOfOne(
    z.object({
      ...common,
      connectorName: withRules(z.string().max(63), matches(forms.connectorNamePattern, formWords.connectorName)).describe(
        'Name of the connector as Trino knows it (connector.name), such as postgresql or delta_lake.',
      ),
    }),
  )
    .describe('Any connector that the Trino image has, by its name and properties.')
    .optional(),
  ...later,
};

const names = Object.keys(connectors);
const chosen = `[${names.map((name) => `has(self.${name})`).join(', ')}]`;
const example = "write for example 'tpch: {}'";

export const xtrinodeCatalogSpec = z.object({
  connector: withRules(z.object(connectors), {
    rule: `${chosen}.filter(isSet, isSet).size() == 1`,
    message: `exactly one connector is needed: ${example}`,
    messageExpression: `${celText(`exactly one connector is needed, and there are %d: ${example}`)}.format([${chosen}.filter(isSet, isSet).size()])`,
  }).describe(
    'The connector of the catalog with its settings. Exactly one is set; a change of it restarts the runtimes that select it, without failing queries.',
  ),
  labels: stringMap(64, withRules(z.string().max(63), matches(forms.labelValuePattern, formWords.labelValue)))
    .describe(
      'What spec.catalogSelector of a runtime matches; metadata.labels play no part in it. Without labels only an empty selector ({}) finds the catalog.',
    )
    .optional(),
});

export const xtrinodeCatalogStatus = z.object({
  phase: z.string().describe('Ready or Error: whether the catalog can be rendered.').optional(),
  message: z.string().describe('What the phase means, in words.').optional(),
  configMapName: z
    .string()
    .max(maxNameLength)
    .describe('Empty: catalogs are rendered into the ConfigMaps of each runtime that selects them.')
    .optional(),
  observedGeneration: z.number().int().describe('Generation of the spec that this status describes, as in metadata.generation.').optional(),
  lastUpdated: z.iso.datetime().describe('When the phase last changed, in RFC 3339.').optional(),
  conditions: conditions
    .describe('Judgements, each by one part of the operator: Ready says whether the catalog can be rendered.')
    .optional(),
});

export type XTrinodeCatalogStatus = z.output<typeof xtrinodeCatalogStatus>;

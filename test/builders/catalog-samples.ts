// XTrinodeCatalogs that are right, and some of which each breaks one rule. Every rule of the CRD is broken here once and kept
// once; the last ones break what only admission and the operator can say.
import { aSample, dataSizeWords, type Members, type Refusals, type Sample } from './admission-sample.ts';

const catalog = (about: string, connector: Members, refusals: Refusals = {}, name = 'sample'): Sample =>
  aSample({ kind: 'XTrinodeCatalog', about, spec: { connector }, refusals, name });
const labelled = (about: string, labels: Members, refusals: Refusals = {}): Sample =>
  aSample({ kind: 'XTrinodeCatalog', about, spec: { connector: { tpch: {} }, labels }, refusals });
const onlyAdmission = (about: string, connector: Members, refusals: Refusals): Sample =>
  aSample({ kind: 'XTrinodeCatalog', about, spec: { connector }, refusals, by: 'admission' });

const secret = { name: 'credentials', key: 'password' };

const rightCatalogs: readonly Sample[] = [
  catalog('a connector alone', { tpch: {} }),
  catalog('properties and secrets', {
    custom: {
      connectorName: 'postgresql',
      properties: {
        'connection-url': 'jdbc:postgresql://db.example.com:5432/sales?user=trino',
        'insert.non-transactional-insert.enabled': 'true',
      },
      propertySecretRefs: { 'connection-password': secret },
    },
  }),
  catalog('its one typed field', { memory: { maxDataPerNode: '512MB' } }),
  catalog('the built-in catalog by its name', { system: {} }, {}, 'system'),
  labelled('labels', { 'example.com/team': 'sales', empty: '' }),
  catalog('a connector that is not rendered yet', {
    postgres: { connectionURL: 'jdbc:postgresql://db/sales', connectionPasswordSecret: secret },
  }),
];

const wrongCatalogs: readonly Sample[] = [
  catalog(
    'no connector',
    {},
    { 'spec.connector': "Invalid value: exactly one connector is needed, and there are 0: write for example 'tpch: {}'" },
  ),
  catalog(
    'two connectors',
    { tpch: {}, jmx: {} },
    {
      'spec.connector': "Invalid value: exactly one connector is needed, and there are 2: write for example 'tpch: {}'",
    },
  ),
  catalog(
    'the name of Trino’s own catalog',
    { tpch: {} },
    {
      'metadata.name': 'Invalid value: Trino has a catalog system of its own: choose another name',
    },
    'system',
  ),
  catalog(
    'a name with a dot',
    { tpch: {} },
    {
      'metadata.name': 'Invalid value: the name sales.emea has a dot, which SQL reads as the end of the catalog: use dashes',
    },
    'sales.emea',
  ),
  catalog(
    'a line break in a property',
    { tpch: { properties: { 'tpch.splits-per-node': '4\nconnector.name=jmx' } } },
    {
      'spec.connector.tpch.properties[tpch.splits-per-node]':
        'Forbidden: must be a single line without control characters, or it would set other properties too',
    },
  ),
  catalog(
    'a backslash at the end of a property',
    { tpch: { properties: { 'tpch.splits-per-node': '4\\' } } },
    {
      'spec.connector.tpch.properties[tpch.splits-per-node]':
        'Forbidden: must not end in a backslash, which would join the next property to it',
    },
  ),
  catalog(
    'a look into the environment',
    { iceberg: { properties: { 'iceberg.file-format': '${ENV:CATALOG_SALES_PASSWORD}' } } },
    {
      'spec.connector.iceberg.properties[iceberg.file-format]':
        'Forbidden: ${ENV:...} could read the secrets of other catalogs: name the Secret in propertySecretRefs instead',
    },
  ),
  catalog(
    'a password in a URL',
    { custom: { connectorName: 'mongodb', properties: { 'mongodb.connection-url': 'mongodb://me:pass@db/' } } },
    {
      'spec.connector.custom.properties[mongodb.connection-url]':
        'Forbidden: has a password in its URL: move the property to propertySecretRefs',
    },
  ),
  catalog(
    'a private key',
    { custom: { connectorName: 'bigquery', properties: { 'bigquery.key': '{"private_key": "..."}' } } },
    {
      'spec.connector.custom.properties[bigquery.key]': 'Forbidden: holds a private key: move the property to propertySecretRefs',
    },
  ),
  catalog(
    'the connector as a property',
    { tpch: { properties: { 'connector.name': 'jmx' } } },
    {
      'spec.connector.tpch.properties': 'Invalid value: connector.name follows from the connector chosen: remove it',
    },
  ),
  catalog(
    'a property twice',
    { tpch: { properties: { a: 'b' }, propertySecretRefs: { a: secret } } },
    {
      'spec.connector.tpch': 'Invalid value: a property is in properties and in propertySecretRefs: keep one of them',
    },
  ),
  catalog(
    'a secret without a name',
    { tpch: { propertySecretRefs: { a: { key: 'password' } } } },
    {
      'spec.connector.tpch.propertySecretRefs[a]': 'Invalid value: name and key of a Secret are needed: write both',
    },
  ),
  catalog(
    'a line break in the connector’s name',
    { custom: { connectorName: 'jmx\na=b' } },
    {
      'spec.connector.custom.connectorName':
        'Invalid value: "jmx\\na=b": must be the name of a Trino connector, such as postgresql: letters, digits, dashes and underscores',
    },
  ),
  catalog(
    'a data size that is none',
    { memory: { maxDataPerNode: '1GiB' } },
    {
      'spec.connector.memory.maxDataPerNode': `Invalid value: "1GiB": ${dataSizeWords}`,
    },
  ),
  labelled(
    'a label with a blank',
    { team: 'the sales' },
    {
      'spec.labels[team]':
        'Invalid value: "the sales": must be a label value: at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
    },
  ),
];

/** CEL knows no bound of the length of a map's key, and so no rule on its text fits into the budget of a CRD. */
const refusedByAdmission: readonly Sample[] = [
  onlyAdmission(
    'a line break in the name of a property',
    { tpch: { properties: { 'a=b\nc': 'd' } } },
    {
      'spec.connector.tpch.properties[a=b\nc]':
        'Invalid value: is not the name of a property: no blanks, line breaks, "=", ":" or backslashes, and no "#" or "!" at its beginning',
    },
  ),
  onlyAdmission(
    'a secret in the clear',
    { custom: { connectorName: 'postgresql', properties: { 'connection-password': 'hunter2' } } },
    {
      'spec.connector.custom.properties[connection-password]': 'Invalid value: looks like a secret: move it to propertySecretRefs',
    },
  ),
  onlyAdmission(
    'two secrets in one variable',
    { tpch: { propertySecretRefs: { 'a.b': secret, 'a-b': secret } } },
    {
      'spec.connector.tpch.propertySecretRefs[a.b]':
        'Invalid value: reaches Trino by the same environment variable as a-b: only one of the two can have a Secret',
    },
  ),
];

export const catalogSamples: readonly Sample[] = [...rightCatalogs, ...wrongCatalogs, ...refusedByAdmission];

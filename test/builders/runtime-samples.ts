// XTrinodes that are right, and some of which each breaks one rule. Every rule of the CRD is broken here once and kept once.
import { aSample, dataSizeWords, type Members, type Refusals, type Sample } from './admission-sample.ts';

const runtime = (about: string, spec: Members, refusals: Refusals = {}, name = 'sample'): Sample =>
  aSample({ kind: 'XTrinode', about, spec: { size: 'xs', ...spec }, refusals, name });

const quantityWords = 'must be a quantity greater than zero: write for example 512Mi, 1.5Gi, 500m or 2';
const idleWords = 'must be a duration from 1s to 8760h, such as 90s, 5m or 1h30m, or never';
const patienceWords = 'must be a duration from 1s to 24h, such as 90s, 5m or 1h30m';
const hostWords = 'must be a host name of letters, digits, dots and dashes, such as trino.example.com: no scheme, port or path';
const headerWords =
  'must be a value for the header X-Trino-XTrinode, such as sales, or X-Trino-XTrinode=sales: no other header selects a runtime';
const spoolingPropertyWords =
  'must be names of properties, such as s3.region: lower-case letters, digits, dots and dashes; fs.location and fs.segment.ttl are fields of their own';
const notChecked =
  'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

const rightRuntimes: readonly Sample[] = [
  runtime('a size alone', {}),
  runtime('every field', {
    version: '476',
    image: 'registry.example.com:5000/trino/trino:476@sha256:0123',
    workers: 2,
    maxWorkers: 3,
    minWorkers: 1,
    wakeMinWorkers: 3,
    wakeTTL: '0s',
    suspended: true,
    autoSuspendAfter: '1h30m0.5s',
    wakePatience: '24h',
    resources: {
      coordinator: { requests: { memory: '768Mi' }, limits: { cpu: 2, memory: '1280Mi' } },
      worker: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1', memory: 2_000_000_000, 'nvidia.com/gpu': 1 } },
    },
    routing: {
      routingGroup: 'team_a.sales',
      header: 'X-Trino-XTrinode=team-a/sales',
      hostname: 'Sales.example.com',
      default: true,
      stickyBy: 'User',
      maxRunning: 20,
      sharedWith: ['team-b'],
    },
    catalogSelector: {
      matchLabels: { team: 'sales' },
      matchExpressions: [
        { key: 'kind', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    },
    limits: { hardConcurrencyPerGroup: 1, maxQueuedPerGroup: 0, session: { maxQueryMemory: '1.5 GB', maxTotalMemoryPerNode: '1GB' } },
    resourceGroupsProfile: 'groups',
    customConfigMaps: ['one', 'two'],
    placement: { nodeSelector: { a: 'b' } },
    keda: { enabled: true },
  }),
  runtime('a header value alone and a domain', { routing: { header: 'sales', hostnameDomain: 'example.com' } }),
  runtime('routing for its capacity alone', { routing: { capacityUnits: 3 } }),
  runtime('spooled results', { spooling: { location: 's3://spool/sales/' } }),
  runtime('spooled results through the coordinator', {
    spooling: {
      location: 'abfss://spool@account.dfs.core.windows.net/sales',
      retrievalMode: 'COORDINATOR_PROXY',
      segmentTtl: '1h30m',
      properties: { 's3.region': 'eu-central-1' },
      propertySecretRefs: { 's3.aws-secret-key': { name: 'spool', key: 'secret' } },
    },
  }),
  runtime('routing for its bound alone', { routing: { maxRunning: 1 } }),
  runtime('no idle time', { autoSuspendAfter: 'never' }),
  runtime('requests of memory alone', { resources: { worker: { requests: { memory: '512Mi' } } } }),
];

const wrongRuntimes: readonly Sample[] = [
  runtime(
    'another size',
    { size: 'huge' },
    {
      'spec.size': 'Unsupported value: "huge": supported values: "xs", "s", "m", "l", "xl"',
      '<nil>': notChecked,
    },
  ),
  runtime(
    'a name that is too long',
    {},
    {
      'metadata.name':
        'Invalid value: the name has 37 characters and may have at most 36, so that the names made from it fit into 63: choose a shorter one',
    },
    'a234567890123456789012345678901234567',
  ),
  runtime(
    'a name like that of a revision',
    {},
    {
      'metadata.name':
        'Invalid value: the name sales-0123abcd ends in a dash and eight hexadecimal digits, which is reserved for revisions: choose another',
    },
    'sales-0123abcd',
  ),
  runtime(
    'a name with a dot',
    {},
    {
      'metadata.name': 'Invalid value: the name sales.emea has a dot, which names of Services may not have: use dashes',
    },
    'sales.emea',
  ),
  runtime(
    'a version that is none',
    { version: 'latest' },
    {
      'spec.version': 'Invalid value: "latest": must be a Trino version of three or four digits in quotes, such as "483"',
    },
  ),
  runtime(
    'blanks in the image',
    { image: 'trino 483' },
    {
      'spec.image': 'Invalid value: "trino 483": must be an image reference without blanks, such as trinodb/trino:483',
    },
  ),
  runtime(
    'more least than most workers',
    { minWorkers: 3, maxWorkers: 2 },
    {
      'spec.minWorkers': 'Invalid value: minWorkers 3 must not exceed maxWorkers 2: lower it or raise maxWorkers',
    },
  ),
  runtime(
    'more workers after a wake than at most',
    { wakeMinWorkers: 3, maxWorkers: 2 },
    {
      'spec.wakeMinWorkers': 'Invalid value: wakeMinWorkers 3 must not exceed maxWorkers 2: lower it or raise maxWorkers',
    },
  ),
  runtime(
    'too many workers',
    { workers: 501 },
    {
      'spec.workers': 'Invalid value: 501: spec.workers in body should be less than or equal to 500',
    },
  ),
  runtime(
    'an idle time in words',
    { autoSuspendAfter: '5 minutes' },
    { 'spec.autoSuspendAfter': `Invalid value: "5 minutes": ${idleWords}` },
  ),
  runtime('no idle time at all', { autoSuspendAfter: '0s' }, { 'spec.autoSuspendAfter': `Invalid value: "0s": ${idleWords}` }),
  runtime('an idle time of years', { autoSuspendAfter: '8761h' }, { 'spec.autoSuspendAfter': `Invalid value: "8761h": ${idleWords}` }),
  runtime('no patience', { wakePatience: '0s' }, { 'spec.wakePatience': `Invalid value: "0s": ${patienceWords}` }),
  runtime(
    'a negative wake window',
    { wakeTTL: '-1s' },
    {
      'spec.wakeTTL': 'Invalid value: "-1s": must be a duration from 0s to 8760h, such as 90s, 5m or 1h30m',
    },
  ),
  runtime(
    'what is no quantity',
    { resources: { worker: { limits: { memory: 'much' } } } },
    {
      'spec.resources.worker.limits[memory]': `Invalid value: "much": ${quantityWords}`,
    },
  ),
  runtime(
    'nothing of a resource',
    { resources: { worker: { limits: { cpu: 0 } } } },
    {
      'spec.resources.worker.limits[cpu]': `Invalid value: 0: ${quantityWords}`,
    },
  ),
  runtime(
    'a limit too small for Trino',
    { resources: { coordinator: { limits: { memory: '192Mi' } } } },
    {
      'spec.resources.coordinator': 'Invalid value: limits.memory 192Mi is too small for a Trino process: give it at least 512Mi',
    },
  ),
  runtime(
    'a request too small for Trino',
    { resources: { coordinator: { requests: { memory: 1000 } } } },
    {
      'spec.resources.coordinator':
        'Invalid value: requests.memory 1000 is too small for a Trino process: give it at least 512Mi, or a limit of that',
    },
  ),
  runtime(
    'a limit of CPU below the request',
    { resources: { worker: { requests: { cpu: '1500m' }, limits: { cpu: 1 } } } },
    {
      'spec.resources.worker': 'Invalid value: limits.cpu 1 must be at least requests.cpu 1500m: raise the limit or lower the request',
    },
  ),
  runtime(
    'a limit of memory below the request',
    { resources: { worker: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } } },
    {
      'spec.resources.worker':
        'Invalid value: limits.memory 1Gi must be at least requests.memory 2Gi: raise the limit or lower the request',
    },
  ),
  runtime(
    'two ways to a host name',
    { routing: { hostname: 'a.example.com', hostnameDomain: 'example.com' } },
    {
      'spec.routing': 'Invalid value: hostname a.example.com and hostnameDomain example.com exclude each other: keep one',
    },
  ),
  runtime(
    'routing that selects nothing',
    { routing: { routingGroup: 'sales' } },
    {
      'spec.routing':
        'Invalid value: routing selects nothing: set header, hostname, hostnameDomain, default: true, maxRunning or (in a routingGroup) capacityUnits, or leave routing out',
    },
  ),
  runtime(
    'a blank in the routing group',
    { routing: { routingGroup: 'a b', default: true } },
    {
      'spec.routing.routingGroup':
        'Invalid value: "a b": must be of letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
    },
  ),
  runtime(
    'a name that no namespace has in sharedWith',
    { routing: { routingGroup: 'sales', default: true, sharedWith: ['team_b'] } },
    {
      'spec.routing.sharedWith[0]':
        'Invalid value: "team_b": must be the name of a namespace, such as team-b: lower-case letters, digits and dashes',
    },
  ),
  runtime(
    'another header',
    { routing: { header: 'X-Team=sales' } },
    { 'spec.routing.header': `Invalid value: "X-Team=sales": ${headerWords}` },
  ),
  runtime(
    'a URL for a host name',
    { routing: { hostname: 'https://a.example.com' } },
    {
      'spec.routing.hostname': `Invalid value: "https://a.example.com": ${hostWords}`,
    },
  ),
  runtime(
    'a data size in units of Kubernetes',
    { limits: { session: { maxQueryMemory: '4Gi' } } },
    {
      'spec.limits.session.maxQueryMemory': `Invalid value: "4Gi": ${dataSizeWords}`,
    },
  ),
  runtime(
    'a line break in a data size',
    { limits: { session: { maxQueryMemory: '4GB\nquery.max-length=1' } } },
    {
      'spec.limits.session.maxQueryMemory': `Invalid value: "4GB\\nquery.max-length=1": ${dataSizeWords}`,
    },
  ),
  runtime(
    'a directory for spooled results',
    { spooling: { location: '/tmp/spool' } },
    {
      'spec.spooling.location':
        'Invalid value: "/tmp/spool": must be a place in an object store, such as s3://trino-spool/sales/: its scheme is s3, gs, abfs or abfss',
    },
  ),
  runtime(
    'addresses of workers for spooled results',
    { spooling: { location: 's3://spool', retrievalMode: 'WORKER_PROXY' } },
    {
      'spec.spooling.retrievalMode':
        'Unsupported value: "WORKER_PROXY": supported values: "STORAGE", "COORDINATOR_STORAGE_REDIRECT", "COORDINATOR_PROXY"',
      '<nil>': notChecked,
    },
  ),
  runtime(
    'segments at the coordinator for an unknown time',
    { spooling: { location: 's3://spool', retrievalMode: 'COORDINATOR_PROXY' } },
    {
      'spec.spooling':
        'Invalid value: segmentTtl is needed where the coordinator serves segments: give for example 30m; the runtime stays awake for that long after its last query',
    },
  ),
  runtime(
    'a segment that lasts for a moment',
    { spooling: { location: 's3://spool', segmentTtl: '5s' } },
    { 'spec.spooling.segmentTtl': 'Invalid value: "5s": must be a duration from 1m to 168h, such as 90s, 5m or 1h30m' },
  ),
  runtime(
    'spooled results of an old Trino',
    { version: '475', spooling: { location: 's3://spool' } },
    { 'spec.spooling': 'Invalid value: spooling needs Trino 476 or later: raise version, or leave spooling out' },
  ),
  runtime(
    'a place of segments twice',
    { spooling: { location: 's3://spool', properties: { 'fs.location': 's3://other' } } },
    { 'spec.spooling.properties': `Invalid value: ${spoolingPropertyWords}` },
  ),
  runtime(
    'a line break in the name of a spooling property',
    { spooling: { location: 's3://spool', propertySecretRefs: { 's3.region\na': { name: 'a', key: 'b' } } } },
    { 'spec.spooling.propertySecretRefs': `Invalid value: ${spoolingPropertyWords}` },
  ),
  runtime(
    'a line break in a spooling property',
    { spooling: { location: 's3://spool', properties: { 's3.region': 'a\nb=c' } } },
    {
      'spec.spooling.properties[s3.region]':
        'Forbidden: must be a single line without control characters, or it would set other properties too',
    },
  ),
  runtime(
    'a spooling property twice',
    {
      spooling: { location: 's3://spool', properties: { 's3.region': 'a' }, propertySecretRefs: { 's3.region': { name: 'a', key: 'b' } } },
    },
    { 'spec.spooling': 'Invalid value: a property is in properties and in propertySecretRefs: keep one of them' },
  ),
  runtime(
    'an operator without its values',
    { catalogSelector: { matchExpressions: [{ key: 'team', operator: 'In' }] } },
    {
      'spec.catalogSelector.matchExpressions[0]': 'Invalid value: operator In of team needs values: add some',
    },
  ),
];

export const runtimeSamples: readonly Sample[] = [...rightRuntimes, ...wrongRuntimes];

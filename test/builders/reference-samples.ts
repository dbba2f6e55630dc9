// Manifests of the shapes that the Go reference ships as examples (reference-api section 7), in our own words: whatever else
// becomes stricter, these are accepted by definitions and admission alike.
import { aSample, type Members, type Sample } from './admission-sample.ts';

const runtime = (about: string, name: string, spec: Members): Sample => aSample({ kind: 'XTrinode', about, name, spec });
const catalog = (about: string, name: string, connector: Members, labels: Members): Sample =>
  aSample({ kind: 'XTrinodeCatalog', about, name, spec: { connector, labels } });

const routed = (name: string): Members => ({ header: `X-Trino-XTrinode=${name}`, routingGroup: name });
const resources = (cpu: string, memory: string, mostCpu: string, mostMemory: string): Members => {
  const role = { requests: { cpu, memory }, limits: { cpu: mostCpu, memory: mostMemory } };
  return { coordinator: role, worker: role };
};

function onPool(name: string, provider: string, machine: Members): Members {
  return {
    size: 'xs',
    minWorkers: 0,
    maxWorkers: 1,
    suspended: provider !== 'gcp',
    autoSuspendAfter: '1h',
    nodePool: {
      name: `pool-${name}`,
      provider,
      providerMode: 'managed',
      clusterName: 'a-cluster',
      kubernetesVersion: 'v1.35.0',
      minNodes: 0,
      maxNodes: 1,
      zones: ['1'],
      [provider]: machine,
      nodeLabels: { 'xtrinode.io/runtime': name },
      nodeTaints: [{ key: 'xtrinode.io/runtime', value: name, effect: 'NoSchedule' }],
      resourceTags: { purpose: 'smoke' },
    },
    routing: { header: `X-Trino-XTrinode=${name}`, hostname: `${name}.trino.local` },
    keda: { enabled: false },
    valuesOverlay: { server: { workers: 1 } },
  };
}

const inflight = 'sum(xtrinode_gateway_inflight_queries{namespace="{namespace}",xtrinode="{xtrinodeName}"})\n';

const runtimes: readonly Sample[] = [
  runtime('a header and bounds of workers (minimal)', 'minimal', {
    size: 's',
    minWorkers: 0,
    maxWorkers: 2,
    suspended: false,
    routing: { header: 'X-Trino-XTrinode=minimal' },
  }),
  runtime('fault-tolerant execution on S3', 'fault-tolerant', {
    size: 'm',
    minWorkers: 2,
    maxWorkers: 10,
    routing: routed('fault-tolerant'),
    faultTolerantExecution: {
      retryPolicy: 'TASK',
      exchangeManager: {
        name: 'filesystem',
        baseDirectories: ['s3://exchange/team-a'],
        properties: { 'exchange.s3.iam-role': 'arn:aws:iam::123456789012:role/exchange' },
      },
    },
  }),
  runtime('values of the chart', 'values-overlay', {
    size: 's',
    minWorkers: 1,
    maxWorkers: 3,
    routing: routed('values-overlay'),
    resources: resources('500m', '1Gi', '2', '2Gi'),
    valuesOverlay: {
      image: { repository: 'trinodb/trino', tag: '480' },
      coordinator: { additionalJVMConfig: ['-Xmx1536M'], config: { memory: { heapHeadroomPerNode: '512MB' } } },
      additionalConfigProperties: ['query.max-memory=1GB', 'http-server.process-forwarded=true'],
    },
  }),
  runtime('autoscaling by memory from none', 'memory-keda', {
    size: 's',
    minWorkers: 0,
    maxWorkers: 4,
    routing: routed('memory-keda'),
    keda: {
      enabled: true,
      scalerType: 'http',
      scalingMetric: 'memory',
      threshold: '70',
      scaleDownCooldown: '10m',
      scaleUpCooldown: '1m',
      httpEndpoint: 'coordinator',
      jmxExporter: { enabled: true },
    },
  }),
  runtime('a selector of two labels', 'postgres-query', {
    size: 's',
    minWorkers: 0,
    maxWorkers: 2,
    routing: routed('postgres-query'),
    catalogSelector: { matchLabels: { team: 'team-a', 'catalog-type': 'postgres' } },
  }),
  runtime('autoscaling by a query of many lines', 'prom-query-smoke', {
    size: 'xs',
    minWorkers: 0,
    maxWorkers: 2,
    autoSuspendAfter: '10m',
    wakeMinWorkers: 1,
    wakeTTL: '2m',
    rolloutPolicy: { rollingUpdateStrategy: { maxSurge: 0, maxUnavailable: 1 } },
    resources: resources('100m', '768Mi', '500m', '1280Mi'),
    routing: routed('prom-query-smoke'),
    keda: { enabled: true, scalerType: 'prometheus', scalingMetric: 'query', threshold: '1', prometheusQuery: inflight },
    helmChartConfig: { serviceMonitor: { enabled: true, interval: '15s', scrapeTimeout: '3s' } },
  }),
  runtime('the default route and a selector', 'test', {
    size: 's',
    minWorkers: 1,
    maxWorkers: 3,
    routing: { ...routed('test'), default: true },
    resources: resources('250m', '1Gi', '1', '1536Mi'),
    keda: { enabled: true, scalerType: 'http', scalingMetric: 'memory', threshold: '10' },
  }),
  runtime('a workload identity and limits of a session', 'iceberg-gcs', {
    size: 's',
    minWorkers: 1,
    maxWorkers: 1,
    wakeMinWorkers: 1,
    routing: { ...routed('iceberg-gcs'), default: false },
    limits: { session: { maxQueryMemory: '512MB', maxTotalMemoryPerNode: '512MB' } },
    helmChartConfig: { serviceAccount: { annotations: { 'iam.gke.io/gcp-service-account': 'trino@<PROJECT>.iam.gserviceaccount.com' } } },
    valuesOverlay: {
      jmx: { exporter: { resources: { requests: { cpu: '25m' } } } },
      coordinator: { startupProbe: { exec: { command: ['/usr/lib/trino/bin/health-check'] }, periodSeconds: 5 } },
    },
  }),
  runtime('a managed pool on AWS', 'aws-s', onPool('aws-s', 'aws', { instanceType: 'm5.large', volumeType: 'gp3' })),
  runtime('a managed pool on Azure', 'azure-s', onPool('azure-s', 'azure', { vmSize: 'Standard_D4s_v5', osDiskType: 'Premium_LRS' })),
  runtime('a managed pool on Google Cloud', 'capg-s', onPool('capg-s', 'gcp', { machineType: 'e2-standard-2', diskType: 'pd-standard' })),
];

const catalogs: readonly Sample[] = [
  catalog(
    'Iceberg on a metastore',
    'iceberg-catalog',
    {
      iceberg: {
        catalogType: 'hive_metastore',
        warehouseURI: 's3://data-warehouse/iceberg/',
        properties: { 'hive.metastore.uri': 'thrift://hive-metastore.metastore.svc:9083', 'fs.native-s3.enabled': 'true' },
      },
    },
    { team: 'finance' },
  ),
  catalog(
    'PostgreSQL with its Secret',
    'postgres',
    {
      postgres: {
        connectionURL: 'jdbc:postgresql://postgres.analytics.svc:5432/analytics',
        connectionUser: 'trino',
        connectionPasswordSecret: { name: 'postgres-credentials', key: 'password' },
      },
    },
    { team: 'data-eng', 'catalog-type': 'postgres' },
  ),
  catalog(
    'Hive with placeholders in its properties',
    'hive-catalog',
    {
      hive: {
        metastoreURI: 'thrift://hive-metastore.metastore.svc:9083',
        properties: { 'fs.native-gcs.enabled': 'true', 'gcs.project-id': '<PROJECT>', 'gcs.auth-type': 'APPLICATION_DEFAULT' },
      },
    },
    { team: 'finance' },
  ),
  catalog('TPC-H with a property', 'tpch-smoke', { tpch: { properties: { 'tpch.splits-per-node': '4' } } }, { team: 'team-test' }),
];

export const referenceSamples: readonly Sample[] = [...runtimes, ...catalogs];
